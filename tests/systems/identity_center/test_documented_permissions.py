"""The page of permissions names every operation that the clients call."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "systems" / "identity-center.md"
CLIENTS = {
    "sso": ("sso_admin_client.py", "applications_client.py"),
    "identitystore": ("identity_store_client.py",),
}
VERBS = "List|Get|Describe|Create|Update|Delete|Put|Attach|Detach|Tag|Untag|Provision"


@pytest.mark.parametrize("prefix", sorted(CLIENTS))
def test_every_operation_of_the_clients_is_documented(prefix: str) -> None:
    folder = files("holdfast.systems.identity_center")
    source = "".join(folder.joinpath(name).read_text() for name in CLIENTS[prefix])
    called = set(re.findall(rf'"((?:{VERBS})[A-Z]\w+)"', source))
    documented = set(re.findall(rf"^{prefix}:(\w+)$", PAGE.read_text(), re.MULTILINE))
    assert len(called) > 10
    assert called == documented
