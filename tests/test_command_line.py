"""The frame around every command: options, errors, exit codes, start-up."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import click
import pytest

from holdfast.delivery.cli import Invocation, main, pass_invocation, shared_options
from holdfast.domain.errors import AccessDenied, HoldfastError


@shared_options
@click.group(invoke_without_command=False)
def root() -> None:
    """A root like the real one."""


@root.command()
@shared_options
@pass_invocation
def tell(invocation: Invocation) -> None:
    """Print what was given."""
    click.echo(repr(invocation))


@root.command()
@shared_options
def denied() -> None:
    """Fail as a service would."""
    raise AccessDenied(action="sso:ListInstances", resource="*", service_said="no")


@root.command()
@shared_options
def partial() -> int:
    """Finish with some items failed."""
    return 3


@root.command()
@shared_options
def stopped() -> None:
    """Be interrupted."""
    raise KeyboardInterrupt


@root.command()
@shared_options
def broken() -> None:
    """Have a bug."""
    raise ZeroDivisionError


def test_shared_options_are_taken_before_and_after_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    expected = Invocation(config=Path("a.toml"), json=True, progress=False, verbose=2, output_dir=Path("out"))
    before = ["--config", "a.toml", "--json", "--no-progress", "-vv", "--output-dir", "out", "tell"]
    after = ["tell", "--config", "a.toml", "--json", "--no-progress", "-vv", "--output-dir", "out"]
    mixed = ["--config", "other.toml", "--json", "-vv", "tell", "--config", "a.toml", "--no-progress"]
    for words in (before, after, [*mixed, "--output-dir", "out"]):
        assert main(words, root) == 0
        assert capsys.readouterr().out == f"{expected!r}\n"


def test_an_expected_error_is_a_sentence_and_advice_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["denied"], root) == 11
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == [
        "Error: sso:ListInstances on * was denied. The service said: no",
        "Allow sso:ListInstances to the principal Holdfast runs as, then run the command again.",
    ]


@pytest.mark.parametrize("words", [["--json", "denied"], ["denied", "--json"]])
def test_json_shows_the_same_fields(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words, root) == 11
    assert json.loads(capsys.readouterr().err) == {
        "error": {
            "code": "access-denied",
            "message": "sso:ListInstances on * was denied. The service said: no",
            "advice": "Allow sso:ListInstances to the principal Holdfast runs as, then run the command again.",
            "exit_code": 11,
            "facts": {"action": "sso:ListInstances", "resource": "*", "service_said": "no"},
        }
    }


def test_a_usage_error_names_the_command_whose_help_to_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tell", "--colour"], root) == 2
    assert "`holdfast tell --help`" in capsys.readouterr().err
    assert main(["tell", "--colour", "--json"], root) == 2
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "usage"


def test_debug_lets_an_expected_error_through() -> None:
    with pytest.raises(AccessDenied):
        main(["denied", "--debug"], root)


def test_a_bug_is_not_dressed_up_as_an_expected_error() -> None:
    with pytest.raises(ZeroDivisionError):
        main(["broken"], root)


def test_a_command_returns_its_exit_code() -> None:
    assert main(["partial"], root) == 3


def test_an_interrupt_is_exit_code_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stopped"], root) == 130
    said = "Error: Interrupted.\nWhat it had done until then stands; the command can be given again.\n"
    assert capsys.readouterr().err == said


def test_words_after_two_dashes_are_no_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["denied", "--", "--json"], root) == 2
    assert capsys.readouterr().err.startswith("Error: ")


def test_an_error_with_braces_in_its_facts_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    @dataclass(eq=False)
    class Odd(HoldfastError):
        text: str
        sentence: ClassVar[str] = "{text}"

    @click.command()
    def odd() -> None:
        raise Odd('{"Version": 1}')

    assert main([], odd) == 1
    assert capsys.readouterr().err == 'Error: {"Version": 1}\n'


def test_help_imports_no_command_and_no_heavy_library() -> None:
    code = (
        "import sys; from holdfast.delivery.cli import main; main(['--help']); print(*sys.modules, sep='\\n')"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {
        line for line in run.stdout.splitlines() if "." not in line.strip() or line.startswith("holdfast")
    }
    heavy = {"boto3", "botocore", "sqlalchemy", "moto", "rich", "obstore", "cryptography", "msgspec", "yaml"}
    assert loaded & heavy == set()
    assert {name for name in loaded if name.startswith("holdfast.")} == {
        "holdfast.delivery",
        "holdfast.delivery.cli",
        "holdfast.delivery.cli.invocation",
        "holdfast.delivery.cli.root",
        "holdfast.domain",
        "holdfast.domain.errors",
    }


def test_a_reader_that_goes_away_is_no_error() -> None:
    code = "import sys; from holdfast.delivery.cli import main; input(); sys.exit(main(['--help']))"
    run = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert run.stdin and run.stdout and run.stderr
    run.stdout.close()
    run.stdin.write(b"\n")
    run.stdin.close()
    assert (run.wait(30), run.stderr.read()) == (141, b"")
    run.stderr.close()


def test_the_shell_completes_options() -> None:
    program = Path(sys.executable).with_name("holdfast")
    asked = {"_HOLDFAST_COMPLETE": "bash_complete", "COMP_WORDS": "holdfast --output", "COMP_CWORD": "1"}
    run = subprocess.run([program], env=os.environ | asked, capture_output=True, text=True, check=True)
    assert run.stdout == "plain,--output-dir\n"
