"""What the sample company looks at in QuickSight: themes, analyses, dashboards and the folders they lie in."""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.sandbox.company_quicksight_data import subject
from holdfast.sandbox.wire import Document, Json

_DATA = "facts"
_OPTIONS: Document = {
    "adHocFilteringOption": {"availabilityStatus": "DISABLED"},
    "exportToCSVOption": {"availabilityStatus": "ENABLED"},
    "sheetControlsOption": {"visibilityState": "COLLAPSED"},
}


def theme(key: str, number: int) -> Document:
    """Colours of a department."""
    shade = f"{40 + number % 200:02X}"
    return {
        "resourceType": "theme",
        "themeId": key,
        "name": f"{subject(number)} colours",
        "baseThemeId": "MIDNIGHT" if number % 2 else "CLASSIC",
        "configuration": {
            "dataColorPalette": {"colors": [f"#{shade}6699", f"#99{shade}66"], "emptyFillColor": "#EEEEEE"},
            "uicolorPalette": {"primaryForeground": "#111111", "accent": f"#00{shade}CC"},
            "sheet": {"tile": {"border": {"show": True}}, "tileLayout": {"margin": {"show": False}}},
        },
    }


def analysis(key: str, number: int, data_sets: Sequence[str], theme_arn: str) -> Document:
    """Sheets of visuals over one or two datasets."""
    made: Document = {
        "resourceType": "analysis",
        "analysisId": key,
        "name": f"{subject(number)} analysis",
        "definition": _definition(number, data_sets, ""),
        "validationStrategy": {"mode": "LENIENT"},
    }
    if theme_arn:
        made["themeArn"] = theme_arn
    return made


def dashboard(key: str, number: int, data_sets: Sequence[str], theme_arn: str, source: str) -> Document:
    """A published analysis; the ids of what is on it begin with its own, as the service makes them."""
    made: Document = {
        "resourceType": "dashboard",
        "dashboardId": key,
        "name": f"{subject(number)} dashboard",
        "definition": _definition(number, data_sets, f"{key}_"),
        "dashboardPublishOptions": dict(_OPTIONS),
        "validationStrategy": {"mode": "LENIENT"},
    }
    if theme_arn:
        made["themeArn"] = theme_arn
    if source:
        made["linkEntities"] = [source]
    return made


def folder(key: str, number: int, parent: str) -> Document:
    """A shared folder, below another where there is one; every sixth is restricted."""
    kind = "RESTRICTED" if number % 6 == 5 and not parent else "SHARED"
    made: Document = {
        "resourceType": "folder",
        "folderId": key,
        "name": f"{subject(number)} folder",
        "folderType": kind,
        "sharingModel": "ACCOUNT",
    }
    if parent:
        made["parentFolderArn"] = parent
    return made


def _definition(number: int, data_sets: Sequence[str], prefix: str) -> Document:
    names = [_DATA, "more"][: len(data_sets)]
    sheets: list[Json] = [_sheet(each, names, prefix) for each in range(1 + number % 2)]
    return {
        "dataSetIdentifierDeclarations": [
            {"identifier": name, "dataSetArn": arn} for name, arn in zip(names, data_sets, strict=True)
        ],
        "sheets": sheets,
        "calculatedFields": [
            {
                "dataSetIdentifier": _DATA,
                "name": "share",
                "expression": "sum({amount}) / sumOver({amount}, [])",
            }
        ],
        "parameterDeclarations": [_parameter()],
        "filterGroups": [_filter(prefix)],
        "analysisDefaults": {
            "defaultNewSheetConfiguration": {
                "interactiveLayoutConfiguration": {"grid": {"canvasSizeOptions": _canvas()}},
                "sheetContentType": "INTERACTIVE",
            }
        },
        "options": {"weekStart": "MONDAY"},
    }


def _canvas() -> Document:
    return {"screenCanvasSizeOptions": {"resizeOption": "FIXED", "optimizedViewPortWidth": "1600px"}}


def _parameter() -> Document:
    return {
        "stringParameterDeclaration": {
            "parameterValueType": "SINGLE_VALUED", "name": "region", "defaultValues": {"staticValues": ["North"]}
        }
    }  # fmt: skip


def _filter(prefix: str) -> Document:
    chosen: Document = {
        "filterId": f"{prefix}recent",
        "column": _column(_DATA, "amount"),
        "matchOperator": "EQUALS",
        "value": 0.5,
        "nullOption": "NON_NULLS_ONLY",
    }
    return {
        "filterGroupId": f"{prefix}recent-group",
        "filters": [{"numericEqualityFilter": chosen}],
        "scopeConfiguration": {"allSheets": {}},
        "status": "ENABLED",
        "crossDataset": "SINGLE_DATASET",
    }


def _sheet(number: int, names: Sequence[str], prefix: str) -> Document:
    kinds = ("kpivisual", "barChartVisual", "lineChartVisual", "pieChartVisual", "tableVisual")
    start = number * 2
    chosen = [kinds[each % len(kinds)] for each in range(start, start + 3)]
    ids = [f"{prefix}sheet-{number + 1}-visual-{each + 1}" for each in range(3)]
    visuals: list[Json] = [
        {kind: _visual(kind, visual, names[place % len(names)])}
        for place, (kind, visual) in enumerate(zip(chosen, ids, strict=True))
    ]
    elements: list[Json] = [
        {"elementId": each, "elementType": "VISUAL", "columnSpan": 12, "rowSpan": 8} for each in ids
    ]
    layout: Document = {"gridLayout": {"elements": elements, "canvasSizeOptions": _canvas()}}
    return {
        "sheetId": f"{prefix}sheet-{number + 1}",
        "name": f"Sheet {number + 1}",
        "visuals": visuals,
        "layouts": [{"configuration": layout}],
        "contentType": "INTERACTIVE",
    }


def _visual(kind: str, key: str, data: str) -> Document:
    return {
        "visualId": key,
        "title": {"visibility": "VISIBLE"},
        "subtitle": {"visibility": "HIDDEN"},
        "chartConfiguration": {"fieldWells": _wells(kind, key, data)},
        "actions": [],
    }


def _wells(kind: str, key: str, data: str) -> Document:
    by_region: Document = {
        "categoricalDimensionField": {"fieldId": f"{key}-region", "column": _column(data, "region")}
    }
    amount: Document = {
        "numericalMeasureField": {
            "fieldId": f"{key}-amount",
            "column": _column(data, "amount"),
            "aggregationFunction": {"simpleNumericalAggregation": "SUM"},
        }
    }
    if kind == "kpivisual":
        return {"values": [amount], "targetValues": [], "trendGroups": []}
    if kind == "tableVisual":
        return {"tableAggregatedFieldWells": {"groupBy": [by_region], "values": [amount]}}
    return {kind.replace("Visual", "AggregatedFieldWells"): {"category": [by_region], "values": [amount]}}


def _column(data: str, name: str) -> Document:
    return {"dataSetIdentifier": data, "columnName": name}
