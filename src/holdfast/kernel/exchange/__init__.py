"""Snapshots as files for other tools and other installations, and such files as snapshots."""
