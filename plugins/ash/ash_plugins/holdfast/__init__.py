"""Holdfast as a plugin of ASH: name `ash_plugins.holdfast` under `ash_plugin_modules`."""

from ash_plugins.holdfast.reporter import S3Reporter

ASH_REPORTERS = [S3Reporter]
