"""What every read of Identity Center works with."""

from __future__ import annotations

from typing import TypeAlias

from holdfast.kernel.reading import Reader as AnyReader
from holdfast.systems.identity_center.clients.connection import Connection

Reader: TypeAlias = AnyReader[Connection]
