"""Eight processes write and delete for a minute on one vault while another prunes it: every snapshot stays whole."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from holdfast.adapters.object_store import open_store
from holdfast.kernel.ports import ObjectStore
from holdfast.kernel.vault.vault import Vault
from tests.simulators.small_vault import TINY, company, contents_of, new_vault, open_vault, take, user

SECONDS = 60
WRITERS = 8


@dataclass(frozen=True)
class Site:
    """Where a vault lies, its key file beside it, and what its processes did."""

    location: str
    folder: Path
    endpoint: str = ""

    def store(self) -> ObjectStore:
        return open_store(self.location, self.folder, os.environ | {"AWS_ENDPOINT_URL_S3": self.endpoint})

    def vault(self) -> Vault:
        return open_vault(self.store(), self.folder / "keys", TINY)

    def note(self, who: int, what: str, value: str, title: str = "") -> None:
        with (self.folder / f"done-{who}").open("a") as file:
            file.write(json.dumps([what, value, title]) + "\n")

    def noted(self) -> list[list[str]]:
        files = self.folder.glob("done-*")
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def write(site: Site, number: int, until: float) -> None:
    """Seal snapshot after snapshot; delete most of the own ones again."""
    rng, mine, vault, count = random.Random(number), list[str](), site.vault(), 0
    while time.time() < until:
        count += 1
        title = f"T{number}-{count}"
        info = take(vault, contents(number, title), after=number)
        site.note(number, "sealed", info.id, title)
        mine.append(info.id)
        if len(mine) > 4:
            gone = mine.pop(rng.randrange(len(mine)))
            vault.delete(vault.resolve(gone))
            site.note(number, "deleted", gone)


def contents(number: int, title: str) -> dict[str, list]:  # type: ignore[type-arg]
    people = company(30)
    people["user"][number] = user(f"person-{number:04d}", title)
    return people


def prune(site: Site, until: float) -> None:
    vault = site.vault()
    while time.time() < until:
        done = vault.prune()
        site.note(99, "pruned", str(done.objects_removed), str(done.epoch_destroyed))


@pytest.fixture(params=["folder", "s3"])
def site(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    if request.param == "folder":
        yield Site("vault", tmp_path)
        return
    import boto3
    from moto.server import ThreadedMotoServer

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1").create_bucket(Bucket="vault")
    yield Site("s3://vault/prefix", tmp_path, endpoint)
    server.stop()


@pytest.mark.soak
def test_writers_and_a_prune_at_once_lose_nothing(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    take(new_vault(site.store(), site.folder / "keys", TINY), company(30))
    spawn = multiprocessing.get_context("spawn")
    until = time.time() + SECONDS
    hands = [spawn.Process(target=write, args=(site, number, until)) for number in range(WRITERS)]
    hands.append(spawn.Process(target=prune, args=(site, until)))
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert [hand.exitcode for hand in hands] == [0] * len(hands)
    vault = site.vault()
    last = vault.prune()
    done = site.noted()
    sealed = {id_: (int(title[1:].split("-")[0]), title) for what, id_, title in done if what == "sealed"}
    deleted = {id_ for what, id_, _ in done if what == "deleted"}
    listed = {info.id: info for info in vault.snapshots()}
    assert sealed.keys() - deleted <= listed.keys()
    assert not deleted & listed.keys()
    for id_ in sealed.keys() - deleted:
        assert contents_of(vault.read(listed[id_])) == contents(*sealed[id_])
    checked = vault.check(read_data=True)
    assert (checked.problems, checked.garbage, last.erased) == ((), (), True)
    prunes = [(int(count), epoch) for what, count, epoch in done if what == "pruned"]
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{site.location}: {len(sealed):,} snapshots by {WRITERS} writers, {len(deleted):,} deleted, "
            f"{len(prunes):,} prunes removed {sum(count for count, _ in prunes):,} objects beside them; "
            f"{len(listed):,} left, all verify"
        )
    assert prunes  # how much they could remove depends on how long writers live; the last one removed all
