"""All operations of QuickSight that the stand-in has."""

from __future__ import annotations

from collections.abc import Callable

from holdfast.sandbox.quicksight import (
    asset_api,
    asset_change_api,
    bundle_api,
    folder_api,
    group_api,
    people_api,
    tag_api,
)
from holdfast.sandbox.quicksight.estate import QuickSight
from holdfast.sandbox.wire import Answer, Call

OPERATIONS: dict[str, Callable[[QuickSight, Call], Answer]] = {
    **people_api.OPERATIONS,
    **group_api.OPERATIONS,
    **asset_api.OPERATIONS,
    **asset_change_api.OPERATIONS,
    **bundle_api.OPERATIONS,
    **folder_api.OPERATIONS,
    **bundle_api.OPERATIONS,
    **tag_api.OPERATIONS,
}
require_account = people_api.require_account
