"""The instance's own settings: its name, its encryption, its tags, and the attributes for access control."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class AttributeConfiguration:
    """Attributes for access control by key, each with its source; in use from `ready` (seconds since 1970)."""

    sources: dict[str, tuple[str, ...]]
    ready: float


@dataclass(slots=True)
class Instance:
    """What can be set on the instance itself. `kms_key` is empty for the key that AWS owns."""

    name: str = ""
    kms_key: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    attributes: AttributeConfiguration | None = None
