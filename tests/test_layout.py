"""The shape of the code that no linter keeps: sizes, names, broad handlers, words that do not belong."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
SOURCES = TOP / "src" / "holdfast"
MODULE_LINES = 400
FUNCTION_LINES = 50
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "base", "shared"}

# The entry points that may catch everything, as "path below src/holdfast::function"; one each.
MAY_CATCH_ALL = {
    "adapters/ledger/database.py::__init__",  # rolls the transaction back, then raises again
    "kernel/runs/engine.py::execute",  # a bug still leaves evidence, then raises again
}

# In pieces, so that this file does not name what it looks for.
ELSEWHERE = re.compile(
    "|".join(
        [
            r"(?<![\w.$}])/(?:work|root|home|Users)/\w",
            "/tmp/" + "brief",
            "python" + "hosted",
            "py" + r"pi\.org",
        ]
    )
)


def modules() -> Iterator[tuple[str, str]]:
    """Each module's path below src/holdfast and its text."""
    for path in sorted(SOURCES.rglob("*.py")):
        yield str(path.relative_to(SOURCES)), path.read_text(encoding="utf-8")


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, without the docstring."""
    assert function.end_lineno
    first = function.body[0]
    has_docstring = ast.get_docstring(function) is not None and first.end_lineno
    docstring = first.end_lineno - first.lineno + 1 if has_docstring and first.end_lineno else 0
    return function.end_lineno - function.lineno + 1 - docstring


def catches_all(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(name, ast.Name) and name.id in {"Exception", "BaseException"} for name in caught)


def broad_handlers(path: str, text: str) -> list[str]:
    """Where each broad handler stands, as in MAY_CATCH_ALL; two in one function are two."""
    inside: dict[ast.AST, str] = {}
    tree = ast.parse(text)
    for function in functions(tree):
        # Outer functions are walked first, so the innermost name stays.
        inside.update(dict.fromkeys(ast.walk(function), function.name))
    handlers = [node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)]
    return [f"{path}::{inside.get(node, '<module>')}" for node in handlers if catches_all(node)]


def tracked_files() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=TOP,
        capture_output=True,
        check=False,
    )
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [TOP / name for name in listing.stdout.decode().split("\0") if name and (TOP / name).is_file()]


def test_no_module_is_longer_than_the_house_style_allows() -> None:
    assert [path for path, text in modules() if len(text.splitlines()) > MODULE_LINES] == []


def test_no_function_is_longer_than_the_house_style_allows() -> None:
    long = [
        f"{path}::{function.name} {length(function)}"
        for path, text in modules()
        for function in functions(ast.parse(text))
        if length(function) > FUNCTION_LINES
    ]
    assert long == []


def test_every_file_is_named_for_what_it_holds() -> None:
    assert [path for path, _ in modules() if SAYS_NOTHING & set(Path(path).with_suffix("").parts)] == []


def test_only_entry_points_catch_everything_and_each_once() -> None:
    found = sorted(place for path, text in modules() for place in broad_handlers(path, text))
    assert found == sorted(MAY_CATCH_ALL)


def test_types_are_decoded_by_what_is_made_at_import() -> None:
    """Elsewhere two threads may be the first to decode a type, which crashes msgspec 0.22 (see test_first_reads).

    Bootstrap decodes a run's arguments before there are threads.
    """
    late = [
        f"{path}:{call.lineno}"
        for path, text in modules()
        for top in ast.parse(text).body
        for call in ast.walk(top)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
        if (call.func.attr == "decode" and any(word.arg == "type" for word in call.keywords))
        or (call.func.attr == "Decoder" and isinstance(top, (ast.FunctionDef, ast.ClassDef)))
        if not path.startswith("bootstrap/")
    ]
    assert late == []


def test_a_broad_handler_is_found_wherever_it_stands() -> None:
    inner = "def outer():\n def inner():\n  try: pass\n  except (OSError, Exception): pass\n"
    text = inner + "try: pass\nexcept: pass\n"
    assert sorted(broad_handlers("x.py", text)) == ["x.py::<module>", "x.py::inner"]


def test_no_file_names_a_machine_or_a_registry() -> None:
    said = [
        f"{path.relative_to(TOP)}: {found.group()}"
        for path in tracked_files()
        for found in ELSEWHERE.finditer(path.read_bytes().decode("utf-8", "replace"))
    ]
    assert said == []
