"""A sandbox in this process: for tests, and for drills that rehearse a restore."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from holdfast.sandbox.application import Application
from holdfast.sandbox.engine import Engine, Setup, Status
from holdfast.sandbox.environment import environment
from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.http_server import LOOPBACK, hang_up, listen
from holdfast.sandbox.journal import Effect
from holdfast.sandbox.portrait import HOME_REGION, MANAGEMENT_ACCOUNT, Portrait
from holdfast.sandbox.world import DEFAULT_ASYNC_DELAY


class SandboxServer:
    """A stand-in on a loopback port for the time of a `with` block.

    `scale` is empty, tiny, small, medium or large; `rate` is Identity Center's requests a second (None: no limit);
    `clock` gives seconds since 1970 and decides when asynchronous requests are due; `caller` is the ARN that
    GetCallerIdentity answers to the sandbox's own key (empty: the management account's root); `account` and
    `region` are the management account and the home region; `enforce_iam` refuses what policies do not allow;
    `quicksight` is QuickSight's scale where that is another.
    """

    def __init__(
        self,
        scale: str = "tiny",
        seed: int = 1,
        rate: float | None = None,
        port: int = 0,
        async_delay: float = DEFAULT_ASYNC_DELAY,
        clock: Callable[[], float] = time.time,
        caller: str = "",
        account: str = MANAGEMENT_ACCOUNT,
        region: str = HOME_REGION,
        enforce_iam: bool = False,
        quicksight: str = "",
    ) -> None:
        setup = Setup(scale, seed, rate, async_delay, caller, account, region, enforce_iam, quicksight)
        self.engine = Engine(setup, clock)
        self._server = listen(Application(self.engine), port)
        self.url = self.engine.url = f"http://{LOOPBACK}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        hang_up(self._server)

    def serve_until_stopped(self) -> None:
        """Serves in this thread until an exception (Ctrl-C, SIGTERM's SystemExit) ends it."""
        try:
            self._server.serve_forever(0.2)
        finally:
            self._server.server_close()

    def env(self) -> dict[str, str]:
        """The environment variables that point any AWS client at this sandbox."""
        return environment(self.url, self.engine.world.region)

    def status(self) -> Status:
        return self.engine.status()

    def changes(self) -> list[Effect]:
        return self.engine.changes()

    def dump(self) -> Portrait:
        return self.engine.dump()

    def load(self, portrait: Portrait) -> None:
        self.engine.load(portrait)

    def faults(self, rules: Sequence[FaultRule]) -> None:
        """Adds rules to those in force."""
        self.engine.faults.add(tuple(rules))

    def clear_faults(self) -> None:
        self.engine.faults.clear()
