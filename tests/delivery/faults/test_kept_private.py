"""Personal values through a whole story: nowhere printed, nowhere written in plain, and files for their owner alone."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace

from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.portrait import GroupPortrait, MembershipPortrait, Portrait
from holdfast.sandbox.server import SandboxServer
from tests.simulators.desk import Answer, Desk
from tests.simulators.small_worlds import ACCOUNTS


def person(name: str, mark: str) -> dict[str, object]:
    """A user whose every personal value holds the mark."""
    return {
        "UserName": name,
        "DisplayName": f"{mark}display",
        "NickName": f"{mark}nick",
        "Title": f"{mark}title",
        "ProfileUrl": f"https://{mark}profile.example",
        "Name": {"GivenName": f"{mark}given", "FamilyName": f"{mark}family"},
        "Emails": [{"Value": f"{mark}mail@example.com", "Type": "work", "Primary": True}],
        "PhoneNumbers": [{"Value": f"{mark}phone", "Type": "work"}],
        "Addresses": [{"StreetAddress": f"{mark}street", "Locality": f"{mark}town", "Type": "home"}],
    }


MARK = "zqmark"
KEPT, FOUND = f"{MARK}kept", f"{MARK}found"
BEFORE = Portrait(
    accounts=ACCOUNTS,
    users=(person("ann", f"{KEPT}ann"), person("bob", f"{KEPT}bob"), person("cyd", f"{KEPT}cyd")),
    groups=(GroupPortrait("Crew"),),
    memberships=(MembershipPortrait("Crew", "ann"),),
)
AFTER = replace(BEFORE, users=(person("ann", f"{FOUND}ann"), person("cyd", f"{FOUND}cyd")))
QUOTED = f"1 validation error detected: Value '{KEPT}bobmail@example.com' at 'emails' failed"


@dataclass
class Story:
    """What was done at a desk: every answer, and what lies in its folder."""

    desk: Desk
    sandbox: SandboxServer
    answers: list[Answer] = field(default_factory=list)
    first: str = ""

    def run(self, *words: str, code: int = 0) -> Answer:
        answer = self.desk.run(*words)
        assert answer.code == code, (words, answer)
        self.answers.append(answer)
        return answer


@pytest.fixture(scope="module")
def story(shared_sandbox: SandboxServer, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """A backup, a bad day, previews, a restore of which one part fails, its undoing, and every look at them."""
    folder = tmp_path_factory.mktemp("story")
    told = Story(Desk(folder, shared_sandbox.env()), shared_sandbox)
    before = os.umask(0)
    try:
        folder.chmod(0o700)
        tell(told)
    finally:
        os.umask(before)
        shared_sandbox.clear_faults()
    return told


def tell(story: Story) -> None:
    story.sandbox.load(BEFORE)
    story.first = story.run("-vv", "identity-center", "backup", "--json").json["snapshot"]
    story.sandbox.load(AFTER)
    for form in ((), ("--json",)):
        story.run("identity-center", "diff", "latest", *form)
        story.run("identity-center", "preview", "latest", "--delete-extra", *form)
    story.sandbox.faults([FaultRule(operation="CreateUser", error="ValidationException", message=QUOTED)])
    story.run("-vv", "identity-center", "restore", story.first, code=3)
    story.sandbox.clear_faults()
    story.run("runs", "rollback", "latest")
    story.run("runs", "show", "latest")
    story.run("runs", "show", "latest", "--json")
    story.run("identity-center", "history", "user:ann", "--format", "csv")
    story.run("backups", "show", "latest")
    story.run("audit", "list", "--json")


def test_no_personal_value_is_printed_or_written_in_plain(story: Story) -> None:
    printed = "".join(answer.out + answer.err for answer in story.answers)
    assert "Emails" in printed
    assert MARK not in printed
    written = [path for path in story.desk.folder.rglob("*") if path.is_file()]
    assert {"report.html", "manifest.json", "ledger.sqlite"} <= {path.name for path in written}
    assert [path for path in written if MARK.encode() in path.read_bytes()] == []


def test_what_the_journal_keeps_sealed_was_undone_from_it(story: Story) -> None:
    users = {str(user["UserName"]): user["Title"] for user in story.sandbox.dump().users}
    assert users == {"ann": f"{FOUND}anntitle", "cyd": f"{FOUND}cydtitle"}


def test_every_file_and_folder_is_for_its_owner_alone_whatever_the_umask(story: Story) -> None:
    found = [story.desk.folder / ".holdfast", *(story.desk.folder / ".holdfast").rglob("*")]
    open_to_others = [path for path in found if stat.S_IMODE(path.stat().st_mode) & 0o077]
    assert open_to_others == []
    assert len(found) > 20


def test_personal_values_are_shown_to_who_asks_and_the_audit_trail_says_so(story: Story) -> None:
    desk = story.desk
    shown = desk.run("identity-center", "history", "user:ann", "--show-personal")
    assert f"{KEPT}anntitle -> {FOUND}anntitle" in shown.out
    assert f"{KEPT}anntitle" in desk.run("identity-center", "diff", story.first, "--show-personal").out
    assert MARK not in desk.run("identity-center", "history", "user:ann").out
    assert desk.run("audit", "list").out.count("personal values shown") == 2


def test_folders_above_what_is_made_are_private_too(desk: Desk) -> None:
    desk.environment |= {
        "HOLDFAST_VAULT_LOCATION": "one/two/vault",
        "HOLDFAST_VAULT_KEY_FILE": "three/four/vault.key",
        "HOLDFAST_HOLDFAST_DATA_DIR": "five/six",
    }
    before = os.umask(0)
    try:
        assert desk.run("vault", "init").code == 0
        assert desk.run("vault", "rotate-key").code == 0
        assert desk.run("--config", "made.toml", "init", "--vault", "seven/eight").code in (0, 20)
    finally:
        os.umask(before)
    made = list(desk.folder.rglob("*"))
    assert {"two", "four", "six", "made.toml", "ledger.sqlite"} <= {path.name for path in made}
    assert [path for path in made if stat.S_IMODE(path.stat().st_mode) & 0o077] == []
