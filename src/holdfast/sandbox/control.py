"""The control endpoints under `/_sandbox/`: status, changes, dump, load, reset, faults, settings."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from holdfast.sandbox.engine import Engine
from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.portrait import Portrait
from holdfast.sandbox.wire import ApiRefusal


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be set while it runs: how many seconds asynchronous requests take, and whether IAM is obeyed."""

    async_delay: float | None = None
    enforce_iam: bool | None = None


_portraits = msgspec.json.Decoder(Portrait)
_rules = msgspec.json.Decoder(list[FaultRule] | FaultRule)
_settings_asked = msgspec.json.Decoder(Settings)


def answer_control(engine: Engine, method: str, path: str, body: bytes) -> tuple[int, bytes]:
    """HTTP status and JSON body of one control request; 400 and a sentence for a senseless body."""
    handler = _ROUTES.get((method, path))
    if handler is None:
        known = ", ".join(f"{verb} {name}" for verb, name in _ROUTES)
        return 404, msgspec.json.encode({"error": f"There is no {method} {path}; there are {known}."})
    try:
        return 200, msgspec.json.encode(handler(engine, body))
    except (msgspec.DecodeError, ApiRefusal) as problem:
        return 400, msgspec.json.encode({"error": str(problem)})


def _load(engine: Engine, body: bytes) -> object:
    engine.load(_portraits.decode(body))
    return engine.status()


def _reset(engine: Engine, body: bytes) -> object:
    engine.reset()
    return engine.status()


def _add_faults(engine: Engine, body: bytes) -> object:
    posted = _rules.decode(body)
    engine.faults.add(tuple(posted) if isinstance(posted, list) else (posted,))
    return engine.faults.listed()


def _clear_faults(engine: Engine, body: bytes) -> object:
    engine.faults.clear()
    return []


def _settings(engine: Engine, body: bytes) -> object:
    settings = _settings_asked.decode(body)
    if settings.async_delay is not None:
        engine.delay_requests(settings.async_delay)
    if settings.enforce_iam is not None:
        engine.enforce_iam = settings.enforce_iam
    return settings


_ROUTES: dict[tuple[str, str], Callable[[Engine, bytes], object]] = {
    ("GET", "/_sandbox/status"): lambda engine, body: engine.status(),
    ("GET", "/_sandbox/changes"): lambda engine, body: engine.changes(),
    ("GET", "/_sandbox/dump"): lambda engine, body: engine.dump(),
    ("GET", "/_sandbox/faults"): lambda engine, body: engine.faults.listed(),
    ("POST", "/_sandbox/faults"): _add_faults,
    ("DELETE", "/_sandbox/faults"): _clear_faults,
    ("POST", "/_sandbox/load"): _load,
    ("POST", "/_sandbox/reset"): _reset,
    ("POST", "/_sandbox/settings"): _settings,
}
