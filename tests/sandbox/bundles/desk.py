"""Bundle jobs of one sandbox, asked for as a client asks, and its estate as the sandbox holds it."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, cast
from zipfile import ZIP_DEFLATED, ZipFile

from holdfast.sandbox.quicksight.estate import Estate, HeldAsset
from tests.sandbox.conftest import Aws, Client, Clock

Members = dict[str, dict[str, Any]]


@dataclass
class Desk:
    """`account` is the management account; jobs take a second of the test's clock."""

    aws: Aws
    client: Client
    account: str = "123456789012"

    def anew(self) -> Desk:
        """The same as it was at the start."""
        self.aws.clock.now = Clock().now
        self.aws.sandbox.engine.reset()
        self.aws.sandbox.engine.delay_requests(1.0)
        return self

    @property
    def estate(self) -> Estate:
        return self.aws.sandbox.engine.world.quicksight.estate(self.account, self.aws.region)

    def of(self, kind: str) -> list[HeldAsset]:
        """The company's own assets of a type."""
        return [each for each in self.estate.of(kind) if each.own]

    def sound(self, kind: str) -> list[HeldAsset]:
        """Those that export without a word."""
        return [
            each for each in self.of(kind) if not (each.unexportable or each.errors or each.undescribable)
        ]

    def find(self, kind: str, key: str) -> HeldAsset:
        """One that must be there."""
        found = self.estate.find(kind, key)
        assert found is not None
        return found

    def arn(self, resource: str) -> str:
        return f"arn:aws:quicksight:{self.aws.region}:{self.account}:{resource}"

    def start_export(self, arns: Sequence[str], job: str = "job", **options: object) -> dict[str, Any]:
        asked = {"ResourceArns": list(arns), "ExportFormat": "QUICKSIGHT_JSON", **options}
        answer = self.client.start_asset_bundle_export_job(
            AwsAccountId=self.account, AssetBundleExportJobId=job, **asked
        )
        return dict(answer)

    def export(self, job: str = "job") -> dict[str, Any]:
        answer = self.client.describe_asset_bundle_export_job(
            AwsAccountId=self.account, AssetBundleExportJobId=job
        )
        return dict(answer)

    def exported(self, arns: Sequence[str], job: str = "job", **options: object) -> dict[str, Any]:
        """The description of a job that has ended."""
        self.start_export(arns, job, **options)
        self.aws.clock.pass_by(1)
        return self.export(job)

    def members(self, arns: Sequence[str], job: str = "job", **options: object) -> Members:
        """What a bundle of these holds, by member."""
        return unzipped(fetch(str(self.exported(arns, job, **options)["DownloadUrl"])))

    def start_import(self, bundle: bytes, job: str = "job", **options: object) -> dict[str, Any]:
        answer = self.client.start_asset_bundle_import_job(
            AwsAccountId=self.account,
            AssetBundleImportJobId=job,
            AssetBundleImportSource={"Body": bundle},
            **options,
        )
        return dict(answer)

    def imported(self, bundle: bytes, job: str = "job", **options: object) -> dict[str, Any]:
        """The description of a job that has ended."""
        self.start_import(bundle, job, **options)
        self.aws.clock.pass_by(1)
        return self.import_(job)

    def import_(self, job: str = "job") -> dict[str, Any]:
        answer = self.client.describe_asset_bundle_import_job(
            AwsAccountId=self.account, AssetBundleImportJobId=job
        )
        return dict(answer)


def body(asset: HeldAsset) -> dict[str, Any]:
    """What a bundle's member holds of it, for tests to read and change."""
    return cast("dict[str, Any]", asset.member)


def fetch(url: str) -> bytes:
    """What is behind a presigned URL."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return bytes(answer.read())


def unzipped(bundle: bytes) -> Members:
    with ZipFile(BytesIO(bundle)) as file:
        assert {each.compress_type for each in file.infolist()} == {ZIP_DEFLATED}
        return {name: json.loads(file.read(name)) for name in file.namelist()}


def zipped(members: Members) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as file:
        for name, held in members.items():
            file.writestr(name, json.dumps(held))
    return out.getvalue()
