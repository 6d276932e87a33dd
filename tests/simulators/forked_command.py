"""`holdfast` in a process forked from one that has its imports done: many short processes at a bearable price."""

from __future__ import annotations

import os
import sys
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path

LOADED_BEFORE = [
    "pytest",
    "botocore.session",
    "botocore.client",
    "botocore.endpoint",
    "botocore.signers",
    "botocore.parsers",
    "botocore.retryhandler",
    "encodings.idna",
    "rich.console",
    "rich.markup",
    "rich.padding",
    "rich.table",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "holdfast.adapters.aws",
    "holdfast.adapters.aws_errors",
    "holdfast.adapters.audit_key",
    "holdfast.adapters.clock",
    "holdfast.adapters.evidence_files",
    "holdfast.adapters.ledger.migration",
    "holdfast.adapters.ledger.sql_ledger",
    "holdfast.adapters.object_store",
    "holdfast.adapters.object_store_folder",
    "holdfast.adapters.owner",
    "holdfast.adapters.run_log",
    "holdfast.adapters.unfinished",
    "holdfast.bootstrap.installation",
    "holdfast.bootstrap.mapping_file",
    "holdfast.bootstrap.running",
    "holdfast.delivery.cli",
    "holdfast.delivery.cli.backups",
    "holdfast.delivery.cli.identity_center",
    "holdfast.delivery.cli.opening",
    "holdfast.delivery.cli.progress",
    "holdfast.delivery.cli.prompting",
    "holdfast.delivery.cli.rendering",
    "holdfast.delivery.cli.run_screen",
    "holdfast.delivery.cli.runs",
    "holdfast.delivery.cli.vault",
    "holdfast.kernel.audit",
    "holdfast.kernel.vault.key_file",
    "holdfast.kernel.vault.vault",
    "holdfast.systems.identity_center.system",
    "tests.simulators.service_models",
]


def fork(
    arguments: tuple[str, ...], folder: Path, environment: dict[str, str], output: Path, errors: Path
) -> ForkServerProcess:
    """A started process; it writes to the two files and ends with the command's exit code."""
    context = get_context("forkserver")
    context.set_forkserver_preload(LOADED_BEFORE)
    process = context.Process(target=_be, args=(arguments, folder, environment, output, errors))
    process.start()
    return process


def _be(
    arguments: tuple[str, ...], folder: Path, environment: dict[str, str], output: Path, errors: Path
) -> None:
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for path, number in ((output, 1), (errors, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    sys.argv = ["holdfast", *arguments]
    from holdfast.delivery.cli import main

    raise SystemExit(main())
