"""The same from Python: options, environment and flat mappings."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from holdfast import ConflictStrategy, Environment, ResourceType, RestoreManager, RestoreOptions
from holdfast.bootstrap import open_installation
from holdfast.domain.errors import Refused
from holdfast.domain.outcomes import Severity
from holdfast.sandbox.server import SandboxServer
from tests.delivery.elsewhere.conftest import NEW, NEW_OWNER, NEW_SHOP
from tests.simulators.desk import Desk
from tests.simulators.quiet import SilentProgress

MAPPINGS = {
    "111111111111": "333333333333",
    "222222222222": "444444444444",
    "555555555555": "",
    "users:Anna": "anna.new",
    "groups:Builders": "Makers",
    "permission_sets:Work": "Werk",
    "/team/Deploy": "/ops/Deploy",
    "us-east-1": "eu-west-1",
}


@pytest.fixture
def manager(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> RestoreManager:
    for name, value in desk.variables({}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(desk.folder)
    return RestoreManager(open_installation(None, SilentProgress()))


def test_a_backup_is_restored_elsewhere_with_the_first_designs_options(
    manager: RestoreManager, new: SandboxServer
) -> None:
    options = RestoreOptions(
        list(ResourceType), ConflictStrategy.OVERWRITE, False, NEW_OWNER, "eu-west-1", MAPPINGS
    )
    options.target = Environment(endpoint_url=new.url)
    done = manager.restore_backup("latest", options)
    assert done.complete
    assert msgspec.structs.replace(new.dump(), stale=()) == NEW
    assert manager.preview_restore("latest", options).changes_summary == {}
    options.target_account = "123456789012"
    with pytest.raises(Refused, match=f"the target is account {NEW_OWNER}"):
        manager.restore_backup("latest", options)


def test_compatibility_with_another_environment_is_told_by_name(
    manager: RestoreManager, new: SandboxServer
) -> None:
    there = Environment(account=NEW_OWNER, region="eu-west-1", endpoint_url=new.url)
    bare = manager.validate_compatibility("latest", there)
    (error,) = [finding for finding in bare.findings if finding.severity is Severity.ERROR]
    assert "no account 111111111111, 222222222222, 555555555555" in error.message
    assert bare.environment.account == NEW_OWNER
    mapped = manager.validate_compatibility("latest", replace(there, resource_mappings=MAPPINGS))
    assert mapped.compatible
    assert NEW_SHOP not in str(mapped.findings)
