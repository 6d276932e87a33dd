"""The bundle jobs of all accounts, and the URLs at which their bundles can be fetched for five minutes."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from urllib.parse import urlencode

from holdfast.sandbox.wire import ApiRefusal, Document, Parameters

DOWNLOAD, DOWNLOADS = "quicksight-bundles", "/quicksight-bundles/"
"""What fault rules call the fetching of a bundle, which is no call of QuickSight's API, and where they lie."""
URL_LIFE = 300
"""Seconds. DescribeAssetBundleExportJob: "Download URLs are valid for five minutes after they are generated"."""
REMEMBERED = 14 * 86_400.0
MOST_RUNNING = 5
EXPORT, IMPORT = "export", "import"
# Of a job's time, how much it waits for its turn, and for how many seconds at most.
_QUEUED, _LONGEST_QUEUE = 0.2, 1.0
_STAMP = "%Y%m%dT%H%M%SZ"
_KEY = b"bundle downloads of a sandbox"


@dataclass(slots=True)
class Job:
    """A bundle job. It is settled at `due` (seconds since 1970); a rollback then lasts until `rolled_back`.

    `failure`: what a fault rule has it fail with, naming nobody; None where none does. `bundle` is what an export
    made or an import was given.
    """

    seq: int
    kind: str
    id: str
    account: str
    region: str
    created: float
    due: float
    asked: Parameters
    failure: str | None = None
    bundle: bytes = b""
    settled: bool = False
    rolled_back: float = 0.0
    status: str = ""
    errors: list[Document] = field(default_factory=list)
    rollback_errors: list[Document] = field(default_factory=list)
    warnings: list[Document] = field(default_factory=list)

    @property
    def arn(self) -> str:
        where = f"arn:aws:quicksight:{self.region}:{self.account}"
        return f"{where}:asset-bundle-{self.kind}-job/{self.id}"

    def status_at(self, now: float) -> str:
        """Its JobStatus."""
        if now < self.created + min(_QUEUED * (self.due - self.created), _LONGEST_QUEUE):
            return "QUEUED_FOR_IMMEDIATE_EXECUTION"
        if not self.settled:
            return "IN_PROGRESS"
        return "FAILED_ROLLBACK_IN_PROGRESS" if now < self.rolled_back else self.status

    def running(self, now: float) -> bool:
        return not self.settled or now < self.rolled_back


class BundleStore:
    """Jobs by account, region, kind and id: the latest of each id, for 14 days. `url` is where the sandbox serves."""

    def __init__(self) -> None:
        self.url = ""
        self._jobs: dict[tuple[str, str, str, str], Job] = {}
        self._sequence, self._issued = count(1), count(1)

    def add(
        self, kind: str, name: str, account: str, region: str, asked: Parameters, now: float, delay: float
    ) -> Job:
        """A new job that runs from now on.

        Raises: ApiRefusal. ConflictException while a job of that id runs ("This ID is unique while the job is
            running"), LimitExceededException when five of the kind run in the account.
        """
        held = self._jobs.get((account, region, kind, name))
        if held is not None and held.running(now):
            raise ApiRefusal(
                "ConflictException",
                f"Asset bundle {kind} job {name} already exists and is still running",
                409,
            )
        running = sum(
            each.account == account and each.kind == kind and each.running(now)
            for each in self._jobs.values()
        )
        if running >= MOST_RUNNING:
            raise ApiRefusal(
                "LimitExceededException",
                f"Account {account} has reached its limit of {MOST_RUNNING} running asset bundle {kind} jobs",
                409,
                ResourceType=f"ASSET_BUNDLE_{kind.upper()}_JOB",
            )
        made = Job(next(self._sequence), kind, name, account, region, now, now + delay, asked)
        self._jobs[account, region, kind, name] = made
        return made

    def find(self, kind: str, name: str, account: str, region: str, now: float) -> Job:
        """The latest job of an id. Raises: ApiRefusal for one that is not there any more."""
        held = self._jobs.get((account, region, kind, name))
        if held is None or now - held.created > REMEMBERED:
            raise ApiRefusal("ResourceNotFoundException", f"Asset bundle {kind} job {name} is not found", 404)
        return held

    def listed(self, kind: str, account: str, region: str, now: float) -> list[Job]:
        """The remembered jobs of a kind, in the order in which they were started."""
        held = [
            each
            for each in self._jobs.values()
            if (each.kind, each.account, each.region) == (kind, account, region)
            and now - each.created <= REMEMBERED
        ]
        return sorted(held, key=lambda each: each.seq)

    def due(self, now: float) -> list[Job]:
        """The jobs that end by now and have not been settled, in the order in which they end."""
        held = [each for each in self._jobs.values() if not each.settled and each.due <= now]
        return sorted(held, key=lambda each: (each.due, each.seq))

    def download_url(self, job: Job, now: float) -> str:
        """A URL of its own at every call."""
        path = f"{DOWNLOADS}{job.account}/{job.region}/{job.kind}/{job.id}/assetbundle-{job.id}.qs"
        stamp = datetime.fromtimestamp(now, UTC).strftime(_STAMP)
        token = f"{job.seq}-{next(self._issued)}"
        query = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Date": stamp,
            "X-Amz-Expires": str(URL_LIFE),
            "X-Amz-Security-Token": token,
            "X-Amz-Signature": _signed(path, stamp, token),
        }
        return f"{self.url}{path}?{urlencode(query)}"

    def download(self, path: str, query: dict[str, str], now: float) -> bytes:
        """The bundle behind a URL. Raises: ApiRefusal with S3's codes, AccessDenied for an expired one."""
        stamp, token = query.get("X-Amz-Date", ""), query.get("X-Amz-Security-Token", "")
        if not hmac.compare_digest(_signed(path, stamp, token), query.get("X-Amz-Signature", "")):
            raise ApiRefusal("SignatureDoesNotMatch", "The request signature does not match", 403)
        if now > datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC).timestamp() + URL_LIFE:
            raise ApiRefusal("AccessDenied", "Request has expired", 403)
        account, region, kind, name = path.removeprefix(DOWNLOADS).split("/")[:4]
        held = self._jobs.get((account, region, kind, name))
        if held is None or str(held.seq) != token.partition("-")[0]:
            raise ApiRefusal("NoSuchKey", "The specified key does not exist.", 404)
        return held.bundle


def _signed(path: str, stamp: str, token: str) -> str:
    return hmac.new(_KEY, f"{path} {stamp} {token}".encode(), hashlib.sha256).hexdigest()
