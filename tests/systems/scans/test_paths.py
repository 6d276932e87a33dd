"""One file has one path, however scanners spell it."""

from __future__ import annotations

import pytest

from holdfast.systems.scans.model import ScanContext
from holdfast.systems.scans.paths import PathNormaliser
from tests.simulators.ash_results import Made
from tests.systems.scans.reading import NOW, scan

ROOT = "/builds/proj"


@pytest.mark.parametrize(
    "spelled",
    [
        "src/util.py",
        "./src/util.py",
        "src/./lib/../util.py",
        "src\\util.py",
        "%SRCROOT%/src/util.py",
        "/builds/proj/src/util.py",
        "file:///builds/proj/src/util.py",
        "file://localhost/builds/proj/src/util.py",
    ],
)
def test_every_spelling_of_one_file_is_one_path(spelled: str) -> None:
    assert scan([Made(path=spelled)]).findings[0].path == "src/util.py"


def test_detect_secrets_and_bandit_mean_the_same_file() -> None:
    found = scan(
        [Made(scanner="detect-secrets", path="proj/src/util.py"), Made(scanner="bandit", path="src/util.py")]
    )
    assert {finding.path for finding in found.findings} == {"src/util.py"}


@pytest.mark.parametrize("spelled", ["proj/a.py", "builds/proj/a.py"])
def test_the_folder_that_ash_was_started_in_does_not_show(spelled: str) -> None:
    normaliser = PathNormaliser([ROOT], [("detect-secrets", spelled)])
    assert normaliser.path("detect-secrets", spelled) == "a.py"


def test_a_folder_named_like_the_project_stays() -> None:
    spelled = [("detect-secrets", "proj/util.py"), ("bandit", "proj/util.py")]
    normaliser = PathNormaliser([ROOT], spelled)
    assert [normaliser.path(*each) for each in spelled] == ["proj/util.py", "proj/util.py"]


def test_without_a_known_root_another_scanners_path_shows_the_prefix() -> None:
    spelled = [("detect-secrets", "proj/src/util.py"), ("bandit", "src/util.py")]
    normaliser = PathNormaliser([], spelled)
    assert [normaliser.path(*each) for each in spelled] == ["src/util.py", "src/util.py"]


def test_escaped_signs_in_a_path_are_the_signs() -> None:
    assert PathNormaliser([ROOT], []).path("bandit", "my%20file.py") == "my file.py"


def test_the_same_folder_under_its_other_macos_name_is_the_root() -> None:
    assert PathNormaliser(["/private/tmp/proj"], []).path("bandit", "/tmp/proj/a.py") == "a.py"


def test_a_windows_drive_is_a_root_and_no_scheme() -> None:
    assert PathNormaliser(["C:\\build\\proj"], []).path("bandit", "c:/build/proj/src\\a.py") == "src/a.py"


def test_the_ci_systems_folder_is_a_root() -> None:
    context = ScanContext(NOW, source_root="/github/workspace")
    assert scan([Made(path="/github/workspace/a.py")], context=context).findings[0].path == "a.py"


@pytest.mark.parametrize("spelled", ["pkg:npm/lodash@4.17.20", "https://example.com/a.js"])
def test_what_is_no_file_keeps_its_name(spelled: str) -> None:
    assert PathNormaliser([ROOT], []).path("grype", spelled) == spelled
