"""Where exports go and imports come from, in the kernel's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Protocol


class Sink(Protocol):
    """Takes bytes."""

    def write(self, data: bytes) -> int:
        """Take them all; their number."""

    def flush(self) -> None:
        """Nothing more than a file does."""


class ExportPlace(Protocol):
    """Where an export goes; nothing is to be seen there before it is whole."""

    @property
    def location(self) -> str:
        """As a person would write it, without secrets."""

    def opened(
        self, *, folder: bool
    ) -> AbstractContextManager[Callable[[str], AbstractContextManager[Sink]]]:
        """Opens sinks by name: of the one file (whatever the name), or of files in a folder.

        What was written appears when the context ends without an error. Raises: TargetTaken; CannotWrite;
        OutOfSpace; AccessDenied; CredentialsError; RemoteError.
        """


class ImportPlace(Protocol):
    """Where an import comes from."""

    @property
    def location(self) -> str:
        """As a person would write it, without secrets."""

    def files(self) -> Mapping[str, Callable[[], Iterator[bytes]]]:
        """The bytes of the one file under an empty name, or of the files of a folder under theirs.

        Raises: NotFound; CannotRead; AccessDenied; CredentialsError; RemoteError; Refused.
        """
