"""QuickSight is restored into an empty account in another region, under a mapping; and practised in a sandbox."""

from __future__ import annotations

import json
import shutil
import tomllib
import urllib.request
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import boto3
import msgspec
import pytest

from holdfast.domain.records import SEPARATOR
from holdfast.sandbox.environment import ACCESS_KEY, SECRET_KEY
from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.portrait import Portrait
from holdfast.sandbox.quicksight.portraits import AssetPortrait, QuickSightPortrait
from holdfast.sandbox.server import SandboxServer
from tests.delivery.elsewhere.quicksight_estates import (
    EMPTY_WORLD,
    MAPPING,
    NEW_ACCOUNT,
    ODD,
    OLD,
    OLD_ACCOUNT,
    OLD_WORLD,
    as_new,
)
from tests.sandbox.conftest import Client
from tests.simulators.desk import Answer, Desk

REAL = Path(__file__).parents[4] / "shared" / "realdata" / "quicksight" / "TotalDeathByCountry.qs"
HERE = {
    "HOLDFAST_QUICKSIGHT_BUCKET": "bundles",
    "HOLDFAST_QUICKSIGHT_IDENTITY_REGION": "us-east-1",
    "HOLDFAST_QUICKSIGHT_POLL_SECONDS": "0.01",
}

REPLACED = {
    "quicksight:us-east-2:198737698272": "quicksight:eu-west-1:999999999999",
    "quicksight:us-east-1:198737698272": "quicksight:eu-central-1:999999999999",
    "arn:aws:iam::198737698272:role/network": "arn:aws:iam::999999999999:role/network",
    "user/sales/anna": "user/vertrieb/anna.new",
    "group/default/Staff": "group/default/Crew",
    "db.example.com": "db.eu.example.com",
    "sg-1": "sg-9",
}
"""What the mapping says, written down as texts."""
ADDED = [
    *("namespace vertrieb", "user vertrieb/anna.new"),
    *("group default/Crew", "membership default/Crew/carl"),
]
REMOVED = [
    *("namespace sales", "user default/bert", "user sales/anna", "group default/Staff"),
    *("membership default/Staff/bert", "membership default/Staff/carl"),
]
CHANGED = [
    *("namespace default", "vpc_connection net", "data_source db", "data_set sales"),
    *("analysis draft", "dashboard board", "dashboard spare", "folder under"),
]

COPIED = {
    **{
        f"{kind}/{key}": f"{kind}/copy-{key}"
        for kind, key in (
            *(("vpcConnection", "net"), ("datasource", "db"), ("dataset", "sales"), ("theme", "house")),
            *(("analysis", "draft"), ("dashboard", "board"), ("folder", "top")),
        )
    },
    **{
        f'Id":"{key}"': f'Id":"copy-{key}"'
        for key in ("net", "db", "sales", "house", "draft", "board", "spare", "top", "under")
    },
    '"The spare"': '"The copy"',
    ':role/network"': ':role/network","subnetIds":["subnet-1","subnet-2"]',
}
"""What a copy with another prefix differs in, as texts."""


def client(sandbox: SandboxServer, service: str) -> Client:
    """A client of the sandbox in its home region."""
    made: Client = boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=sandbox.url,
        region_name=sandbox.engine.world.region,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    )
    return made


@pytest.fixture(scope="module")
def sandboxes() -> Iterator[tuple[SandboxServer, SandboxServer]]:
    with (
        SandboxServer("empty", async_delay=0.0, account=OLD_ACCOUNT, region="us-east-2") as old,
        SandboxServer("empty", seed=7, async_delay=0.0, account=NEW_ACCOUNT, region="eu-west-1") as new,
    ):
        yield old, new


@pytest.fixture(scope="module")
def backed_up(
    sandboxes: tuple[SandboxServer, SandboxServer], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder with a backup of the old QuickSight, and a mapping whose secret is in the new account."""
    old, new = sandboxes
    old.load(OLD_WORLD)
    client(old, "s3").create_bucket(
        Bucket="bundles", CreateBucketConfiguration={"LocationConstraint": "us-east-2"}
    )
    secret = client(new, "secretsmanager").create_secret(Name="db", SecretString="{}")["ARN"]
    desk = Desk(tmp_path_factory.mktemp("backed-up"), {**old.env(), **HERE})
    desk.write("mapping.toml", MAPPING.replace("SECRET", secret))
    taken = desk.run("quicksight", "backup", "--json")
    assert taken.code == 0, taken
    return desk.folder


@pytest.fixture
def old(sandboxes: tuple[SandboxServer, SandboxServer]) -> SandboxServer:
    """The account that was backed up."""
    sandboxes[0].load(OLD_WORLD)
    return sandboxes[0]


@pytest.fixture
def new(sandboxes: tuple[SandboxServer, SandboxServer]) -> SandboxServer:
    """The account that it is restored into."""
    sandboxes[1].clear_faults()
    sandboxes[1].load(EMPTY_WORLD)
    return sandboxes[1]


@pytest.fixture
def desk(old: SandboxServer, backed_up: Path, tmp_path: Path) -> Desk:
    """A folder with a mapping and a backup."""
    return Desk(shutil.copytree(backed_up, tmp_path / "desk"), {**old.env(), **HERE})


def there(new: SandboxServer, mapping: str = "mapping.toml") -> list[str]:
    target = ["--target-endpoint-url", new.url, "--target-region", "eu-west-1"]
    return ["--mapping", mapping, *target, "--target-identity-region", "eu-central-1"]


def secret(desk: Desk) -> str:
    """The secret that the mapping names."""
    table = tomllib.loads((desk.folder / "mapping.toml").read_text("utf-8"))
    return str(table["data_sources"]["db"]["secret_arn"])


def held(sandbox: SandboxServer) -> QuickSightPortrait:
    (found,) = sandbox.dump().quicksight
    return found


def only_mapped(compared: Answer) -> None:
    """A comparison without the mapping shows what the mapping says and nothing else."""
    assert compared.code == 0, compared
    by_kind: dict[str, list[str]] = {}
    for each in compared.json:
        by_kind.setdefault(each["kind"], []).append(f"{each['type']} {each['key'].replace(SEPARATOR, '/')}")
        for field in each["fields"]:
            if field["name"] not in ("Permissions", "CapacityRegion"):
                assert as_mapped(field["backup"]) == field["live"], each
    assert by_kind == {"added": ADDED, "removed": REMOVED, "changed": CHANGED}


def as_mapped(text: str) -> str:
    """A value of the backup with what the mapping says replaced in its text."""
    for old, new in REPLACED.items():
        text = text.replace(old, new)
    return text


def test_a_restore_into_another_account_is_equal_under_the_mapping_though_cut_off_and_can_be_undone(
    desk: Desk, new: SandboxServer
) -> None:
    new.faults([FaultRule(operation="StartAssetBundleImportJob", expired_token=True)])
    cut = desk.run("quicksight", "restore", "latest", "--json", *there(new))
    assert cut.code == 11, cut
    new.clear_faults()
    file = (desk.folder / "mapping.toml").rename(desk.folder / "moved.toml")  # the run keeps what it said
    done = desk.run("runs", "resume", "latest", "--json")
    assert done.code == 0, done
    file.rename(desk.folder / "mapping.toml")
    assert held(new) == as_new(secret(desk))
    same = desk.run("quicksight", "diff", "latest", "live", "--exit-code", "--json", *there(new))
    assert (same.code, same.json) == (0, []), same
    again = desk.run("quicksight", "preview", "latest", "--json", *there(new))
    assert again.json["changes_total"] == 0
    only_mapped(desk.run("quicksight", "diff", "latest", "live", "--json", *there(new)[2:]))
    undone = desk.run("runs", "rollback", done.json["run"])
    assert undone.code == 0, undone
    assert new.dump().quicksight == ()


def test_a_prefix_makes_copies_beside_the_originals(desk: Desk, old: SandboxServer) -> None:
    network = 'subnet_ids = ["subnet-1", "subnet-2"]'
    names = '[names]\nspare = "The copy"\n[tags]\nfrom = "spare"\n'
    desk.write("copy.toml", f'[assets]\nid_prefix = "copy-"\n{names}[vpc_connections.net]\n{network}\n')
    done = desk.run("quicksight", "restore", "latest", "--mapping", "copy.toml", "--json")
    assert done.code == 0, done
    before = msgspec.json.encode(OLD.estates[0].assets).decode()
    copies = before
    for text, copied in COPIED.items():
        copies = copies.replace(text, copied)
    (estate,) = held(old).estates
    tagged = [
        each
        if each.type == "refresh_schedule"
        else msgspec.structs.replace(each, tags={**each.tags, "from": "spare"})
        for each in assets_in(copies)
    ]
    assert spelled(estate.assets) == spelled([*assets_in(before), *tagged])


def assets_in(text: str) -> tuple[AssetPortrait, ...]:
    return msgspec.json.decode(text, type=tuple[AssetPortrait, ...])


def spelled(assets: Iterable[AssetPortrait]) -> list[bytes]:
    """Assets in one order and one spelling."""
    return sorted(msgspec.json.encode(each, order="sorted") for each in assets)


def test_one_dashboard_by_its_name_brings_what_it_needs_and_no_more(desk: Desk, new: SandboxServer) -> None:
    only = ["--only", "dashboard:The spare", "--json", *there(new)]
    done = desk.run("quicksight", "restore", "latest", *only)
    assert done.code == 0, done
    (estate,) = held(new).estates
    assert [each.type for each in estate.assets] == ["vpc_connection", "data_source", "data_set", "dashboard"]
    assert held(new).users == ()
    again = desk.run("quicksight", "preview", "latest", *only)
    assert again.json["changes_total"] == 0
    unknown = desk.run("quicksight", "restore", "latest", "--only", "dashboard:Spare", "--json", *there(new))
    assert (unknown.code, unknown.error["code"]) == (2, "not-found"), unknown


def test_what_the_mapping_leaves_in_the_old_account_is_refused_with_the_entries_that_are_lacking(
    desk: Desk, new: SandboxServer
) -> None:
    whole = (desk.folder / "mapping.toml").read_text("utf-8")
    desk.write("short.toml", whole.replace('us-east-1 = "eu-central-1"', ""))
    refused = desk.run("quicksight", "restore", "latest", "--json", *there(new, "short.toml"))
    assert refused.code == 4, refused
    assert 'Map them: [identity_regions] us-east-1 = "eu-central-1".' in refused.error["message"]
    unmapped = desk.run("quicksight", "preview", "latest", "--json", *there(new)[2:])
    assert unmapped.code == 4, unmapped
    for table in ('[regions] us-east-2 = "eu-west-1"', '[identity_regions] us-east-1 = "eu-central-1"'):
        assert f'[accounts] {OLD_ACCOUNT} = "{NEW_ACCOUNT}" and {table}' in unmapped.error["message"]
    other = desk.run(
        "quicksight", "restore", "latest", "--target-account", OLD_ACCOUNT, "--json", *there(new)
    )
    assert (other.code, f"the target is account {NEW_ACCOUNT}" in other.error["message"]) == (4, True)
    assert new.changes() == []


def test_a_drill_restores_everything_in_a_sandbox_and_says_what_it_cannot_show(
    desk: Desk, old: SandboxServer, new: SandboxServer
) -> None:
    before = old.status().requests_total
    drilled = desk.run("backups", "drill", "latest", "--json")
    assert drilled.code == 0, drilled
    totals = {each["type"]: (each["total"], each["done"]) for each in drilled.json["items"]}
    assert totals == {
        **dict.fromkeys(("analysis", "custom_permissions", "data_set", "data_source", "group"), (1, 1)),
        **dict.fromkeys(("refresh_schedule", "theme", "vpc_connection"), (1, 1)),
        **dict.fromkeys(("dashboard", "folder", "membership", "namespace"), (2, 2)),
        "user": (4, 4),
    }
    (told,) = [each["message"] for each in drilled.json["findings"] if each["code"] == "rehearsed"]
    assert "data in SPICE does not come back" in told
    assert old.status().requests_total == before


def test_a_drill_tells_what_no_bundle_brings_back_and_what_it_had_to_presuppose(
    desk: Desk, old: SandboxServer
) -> None:
    old.load(Portrait(management_account=OLD_ACCOUNT, region="us-east-2", quicksight=(ODD,)))
    assert desk.run("quicksight", "backup", "--mode", "assets-only", "--json").code == 3
    drilled = desk.run("backups", "drill", "latest", "--json")
    assert drilled.code == 3, drilled
    came = {
        (each["type"], each["done"], each["failed"], each["impossible"]) for each in drilled.json["items"]
    }
    assert came == {("dashboard", 1, 0, 0), ("data_set", 0, 0, 1), ("data_source", 0, 0, 1)}
    reasons = sorted(each["reason"] for each in drilled.json["failures"])
    assert reasons == [
        "It is not made: no bundle carries data sources of type JIRA.",
        "It needs the data source tickets, which is neither in the service nor can be restored.",
    ]
    (told,) = [each["message"] for each in drilled.json["findings"] if each["code"] == "rehearsed"]
    assert "2 that the backup names and does not hold are there: user/default/carl, dataset/upload:" in told


@pytest.mark.skipif(not REAL.is_file(), reason="the published bundle is not beside this checkout")
def test_the_published_bundle_comes_back_elsewhere_as_it_is_but_for_account_and_region(
    desk: Desk, old: SandboxServer, new: SandboxServer
) -> None:
    with ZipFile(REAL) as file:
        members = {name: file.read(name).decode() for name in file.namelist() if name.endswith(".json")}
    old.load(Portrait(management_account=OLD_ACCOUNT, region="us-east-2"))
    assert imported(old, REAL.read_bytes()) == "SUCCESSFUL"
    taken = desk.run("quicksight", "backup", "--mode", "assets-only", "--json")
    assert taken.code == 0, taken
    regions = '[regions]\nus-east-2 = "eu-west-1"\n'
    desk.write("real.toml", f'[accounts]\n{OLD_ACCOUNT} = "{NEW_ACCOUNT}"\n{regions}')
    done = desk.run("quicksight", "restore", "latest", "--json", *there(new, "real.toml"))
    assert done.code == 0, done
    before, after = f"us-east-2:{OLD_ACCOUNT}:", f"eu-west-1:{NEW_ACCOUNT}:"
    arns = [f"arn:aws:quicksight:{after}{name.removesuffix('.json')}" for name in members]
    assert exported(new, arns) == {
        name: json.loads(text.replace(before, after)) for name, text in members.items()
    }


def imported(sandbox: SandboxServer, bundle: bytes) -> str:
    """How the service's own import job of a bundle ended."""
    asked = {"AwsAccountId": OLD_ACCOUNT, "AssetBundleImportJobId": "real"}
    service = client(sandbox, "quicksight")
    service.start_asset_bundle_import_job(AssetBundleImportSource={"Body": bundle}, **asked)
    return str(service.describe_asset_bundle_import_job(**asked)["JobStatus"])


def exported(sandbox: SandboxServer, arns: list[str]) -> dict[str, object]:
    """The members of a bundle that the service's own export job makes of these."""
    asked = {"AwsAccountId": NEW_ACCOUNT, "AssetBundleExportJobId": "real"}
    service = client(sandbox, "quicksight")
    service.start_asset_bundle_export_job(ResourceArns=arns, ExportFormat="QUICKSIGHT_JSON", **asked)
    job = service.describe_asset_bundle_export_job(**asked)
    with (
        urllib.request.urlopen(job["DownloadUrl"], timeout=10) as answer,
        ZipFile(BytesIO(answer.read())) as file,
    ):
        return {name: json.loads(file.read(name)) for name in file.namelist()}
