"""What holds for every test."""

from __future__ import annotations

import pytest
from hypothesis import settings

# How long an example takes says something of the machine, nothing of the code.
# Forty examples of a property find what a hundred do; those that a test needs more of say so.
settings.register_profile("untimed", deadline=None, max_examples=40)
settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests begin first, or one of two workers is left alone with them at the end."""
    items.sort(key=lambda item: "test_docs" not in item.nodeid)
