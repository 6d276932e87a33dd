"""What every object store must do, whatever it lies on."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from holdfast.adapters.object_store import open_store
from holdfast.kernel.ports import ObjectStore
from holdfast.kernel.vault.errors import ObjectExists, ObjectMissing
from holdfast.kernel.vault.held import HeldPacks
from holdfast.kernel.vault.places import TwoPlaces
from tests.simulators.object_store_memory import MemoryStore
from tests.simulators.small_vault import TINY, company, contents_of, new_vault, open_vault, take

PAGE = 10
"""Keys that the S3 server gives a page, so that few objects fill several; S3 gives 1,000."""


@pytest.fixture(scope="module")
def s3() -> Iterator[Callable[[], ObjectStore]]:
    """Makes stores, each a fresh bucket of one S3 server on this machine."""
    import boto3
    from moto.server import ThreadedMotoServer

    paged = pytest.MonkeyPatch()
    paged.setenv("MOTO_S3_DEFAULT_MAX_KEYS", str(PAGE))
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    made: list[str] = []

    def make() -> ObjectStore:
        bucket = f"vault-{len(made)}"
        made.append(bucket)
        client.create_bucket(Bucket=bucket)
        client.put_object(Bucket=bucket, Key="elsewhere/other", Body=b"not ours")
        with pytest.MonkeyPatch.context() as environment:
            for name, value in keys.items():
                environment.setenv(name, value)
            environment.delenv("AWS_PROFILE", raising=False)
            return open_store(f"s3://{bucket}/some/prefix", Path(), {"AWS_ENDPOINT_URL_S3": endpoint})

    yield make
    server.stop()
    paged.undo()


def two_places() -> ObjectStore:
    """Two places in memory that were seen to hold the vault."""
    first, second = (MemoryStore({"vault.json": b""}) for _ in range(2))
    pair = TwoPlaces(first, second, copy=True, tell=print)
    pair.require_both()
    first.delete("vault.json")
    second.delete("vault.json")
    return pair


@pytest.fixture(params=["memory", "held", "folder", "s3", "two"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "memory":
        return MemoryStore()
    if request.param == "held":
        return HeldPacks(MemoryStore())
    if request.param == "two":
        return two_places()
    if request.param == "folder":
        return open_store("vault", tmp_path)
    made: ObjectStore = request.getfixturevalue("s3")()
    return made


def test_what_was_put_is_got(store: ObjectStore) -> None:
    store.put("packs/ab/abc", b"\x00\xffbytes")
    assert store.get("packs/ab/abc") == b"\x00\xffbytes"


def test_an_empty_object_is_an_object(store: ObjectStore) -> None:
    store.put("empty", b"")
    assert store.get("empty") == b""
    assert [(found.name, found.size) for found in store.list("")] == [("empty", 0)]


def test_a_put_never_replaces_unless_told(store: ObjectStore) -> None:
    store.put("name", b"first")
    with pytest.raises(ObjectExists, match="name is already in"):
        store.put("name", b"second")
    assert store.get("name") == b"first"
    store.put("name", b"third", replace=True)
    assert store.get("name") == b"third"


def test_a_put_of_equal_bytes_is_refused_too(store: ObjectStore) -> None:
    store.put("name", b"same")
    with pytest.raises(ObjectExists):
        store.put("name", b"same")


def test_a_listing_tells_when_each_object_was_last_stored_by_one_clock(store: ObjectStore) -> None:
    store.put("b", b"first")
    store.put("a", b"second")
    first, second = ({found.name: found.modified for found in store.list("")}[name] for name in "ba")
    assert first.utcoffset() == timedelta(0)
    assert first <= second
    store.put("b", b"third", replace=True)
    assert {found.name: found.modified for found in store.list("")}["b"] >= second


def test_a_missing_name_is_the_named_error(store: ObjectStore) -> None:
    with pytest.raises(ObjectMissing, match="packs/no is not in"):
        store.get("packs/no")
    with pytest.raises(ObjectMissing):
        store.get_range("packs/no", 0, 4)


def test_a_range_gives_those_bytes_and_fewer_at_the_end(store: ObjectStore) -> None:
    store.put("name", b"0123456789")
    assert store.get_range("name", 2, 3) == b"234"
    assert store.get_range("name", 8, 5) == b"89"
    assert store.get_range("name", 20, 5) == b""


def test_a_listing_is_in_name_order_and_of_the_prefix_only(store: ObjectStore) -> None:
    for name in ("b/2", "a/1", "b/10", "bc", "b/1/x"):
        store.put(name, b"x" * len(name))
    assert [found.name for found in store.list("")] == ["a/1", "b/1/x", "b/10", "b/2", "bc"]
    assert [(found.name, found.size) for found in store.list("b/1")] == [("b/1/x", 5), ("b/10", 4)]
    assert [found.name for found in store.list("b")] == ["b/1/x", "b/10", "b/2", "bc"]
    assert list(store.list("none/")) == []


def test_a_listing_is_complete_past_one_page(store: ObjectStore) -> None:
    names = [f"packs/{number:05d}" for number in range(4 * PAGE + 5)]
    for name in names:
        store.put(name, b"")
    assert [found.name for found in store.list("packs/")] == names


def test_a_deleted_object_is_gone_and_a_missing_one_no_error(store: ObjectStore) -> None:
    store.put("name", b"x")
    store.delete("name")
    store.delete("name")
    with pytest.raises(ObjectMissing):
        store.get("name")
    assert list(store.list("")) == []


# The S3 simulator checks and writes in two steps; S3 itself promises one, so it is not asked here.
@pytest.mark.parametrize("store", ["memory", "folder", "two"], indirect=True)
def test_of_many_that_create_one_name_one_wins(store: ObjectStore) -> None:
    won: list[bytes] = []

    def create(data: bytes) -> None:
        try:
            store.put("name", data)
        except ObjectExists:
            return
        won.append(data)

    threads = [threading.Thread(target=create, args=(bytes([number]) * 1000,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert store.get("name") == won[0]


def test_a_vault_lives_on_it(store: ObjectStore, tmp_path: Path) -> None:
    vault = new_vault(store, tmp_path / "keys", TINY)
    first = take(vault, company(5))
    second = take(vault, company(5, "Director"), after=1)
    vault.delete(first)
    again = open_vault(store, tmp_path / "keys")
    assert again.snapshots() == [second]
    assert contents_of(again.read(second)) == company(5, "Director")
    assert again.check(read_data=True).problems == ()
    for found in store.list("packs/"):
        store.put(found.name, b"cut short", replace=True)
    assert not again.check().sound
    assert not again.verify(second).sound
