"""The only place that says "which": settings to adapters to kernel to systems."""

from holdfast.bootstrap.installation import IDENTITY_CENTER, Installation, open_installation

__all__ = ["IDENTITY_CENTER", "Installation", "open_installation"]
