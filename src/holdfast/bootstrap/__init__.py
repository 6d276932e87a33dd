"""The only place that says "which": settings to adapters to kernel to systems."""

from holdfast.bootstrap.installation import Installation, open_installation
from holdfast.bootstrap.plugin import publish_scan
from holdfast.bootstrap.registry import IDENTITY_CENTER

__all__ = ["IDENTITY_CENTER", "Installation", "open_installation", "publish_scan"]
