"""Permissions as the service takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from holdfast.domain.records import join_key
from holdfast.kernel.canonical import canonical
from holdfast.systems.quicksight.restore.details import Details
from holdfast.systems.quicksight.restore.order import make_change
from tests.systems.quicksight.small_installation import HOME, OWN, VIEW

ANN, BOB, CYD = (f"{HOME}user/default/{name}" for name in ("ann", "bob", "cyd"))


@dataclass
class Sent:
    """A service that keeps what it is sent; it stands for the connection's two ends."""

    calls: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)

    @property
    def data(self) -> Sent:
        return self

    assets = None

    def send(self, operation: str, parameters: Mapping[str, object], *, repeatable: bool = True) -> object:
        self.calls.append((operation, parameters))
        return {}


def _held(*actions: str) -> bytes:
    return canonical({"Actions": sorted(actions)})


def test_each_principal_is_granted_its_whole_set_in_one_call_and_only_what_it_had_more_is_revoked() -> None:
    service = Sent()
    changes = [
        make_change("dashboard.permission", join_key("board", who), before, after)
        for who, before, after in (
            (ANN, _held(*VIEW), _held(*OWN)),
            (BOB, _held(*OWN), _held(*VIEW)),
            (CYD, _held(*VIEW), None),
        )
    ]
    Details(service).write(changes)  # type: ignore[arg-type]
    ((operation, asked),) = service.calls
    assert operation == "UpdateDashboardPermissions"
    assert asked["GrantPermissions"] == [
        {"Principal": ANN, "Actions": sorted(OWN)},
        {"Principal": BOB, "Actions": sorted(VIEW)},
    ]
    assert asked["RevokePermissions"] == [
        {"Principal": BOB, "Actions": ["quicksight:DeleteDashboard", "quicksight:UpdateDashboard"]},
        {"Principal": CYD, "Actions": sorted(VIEW)},
    ]
