"""The part of SARIF 2.1.0 that a finding is read from, as ASH writes it: any field may be null."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from holdfast.systems.scans.model import UNKNOWN

GENERIC_TOOL = "AWS Labs - Automated Security Helper"
"""The tool's name of ASH's merged run; which scanner found a result stands in the result."""

KNOWN_SCANNERS = frozenset(
    {
        "bandit",
        "semgrep",
        "opengrep",
        "checkov",
        "cfn-nag",
        "cdk-nag",
        "detect-secrets",
        "grype",
        "syft",
        "npm-audit",
    }
)


class Text(msgspec.Struct, rename="camel"):
    """A message or a snippet."""

    text: str | None = None
    markdown: str | None = None


class Artifact(msgspec.Struct, rename="camel"):
    """Where a file or a folder is."""

    uri: str | None = None
    uri_base_id: str | None = None


class Region(msgspec.Struct, rename="camel"):
    """Lines and columns from 1; -1 and null stand for none."""

    start_line: int | None = None
    start_column: int | None = None
    end_line: int | None = None
    snippet: Text | None = None


class PhysicalLocation(msgspec.Struct, rename="camel"):
    """A place in a file."""

    artifact_location: Artifact | None = None
    region: Region | None = None
    context_region: Region | None = None


class Location(msgspec.Struct, rename="camel"):
    """A place."""

    physical_location: PhysicalLocation | None = None


class Suppression(msgspec.Struct, rename="camel"):
    """Why a result does not count."""

    kind: str | None = None
    justification: str | None = None


class Result(msgspec.Struct, rename="camel"):
    """One finding of one scanner."""

    rule_id: str | None = None
    level: str | None = None
    message: Text | None = None
    locations: list[Location] | None = None
    suppressions: list[Suppression] | None = None
    properties: dict[str, object] | None = None

    def own(self, name: str) -> object:
        """A property of the result by name, None where it has none."""
        return (self.properties or {}).get(name)

    def tags(self) -> tuple[str, ...]:
        """The result's tags."""
        tags = self.own("tags")
        return tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ()

    def details(self, name: str) -> str:
        """A text of the result's `scanner_details`."""
        details = self.own("scanner_details")
        return str(details.get(name) or "") if isinstance(details, Mapping) else ""

    def scanner(self, run: Run) -> str:
        """The scanner's name: the result says it, or its tags, or the tool of the run."""
        named = str(self.own("scanner_name") or "") or self.details("tool_name")
        if named:
            return named
        tool = run.tool_name()
        tag = next((tag for tag in self.tags() if tag.lower() in KNOWN_SCANNERS), "")
        return (tag if tool in ("", GENERIC_TOOL) else tool) or UNKNOWN

    def scanner_version(self) -> str:
        """The scanner's version as ASH writes it."""
        return str(self.own("scanner_version") or "") or self.details("tool_version")

    def place(self) -> PhysicalLocation:
        """The first place, empty where there is none."""
        first = next(iter(self.locations or ()), None)
        return (first and first.physical_location) or PhysicalLocation()

    def region(self) -> Region:
        """The lines that the finding is about: `context_region` starts earlier, so it only stands in."""
        place = self.place()
        return place.region or place.context_region or Region()

    def uri(self) -> str:
        """The file as the scanner spelled it, empty where there is none."""
        artifact = self.place().artifact_location
        return (artifact and artifact.uri) or ""

    def snippet(self) -> str:
        """The code of the region, or the context's, or nothing."""
        place = self.place()
        for region in (place.region, place.context_region):
            if region and region.snippet and region.snippet.text:
                return region.snippet.text
        return str(self.own("snippet") or "")

    def message_text(self) -> str:
        """What the scanner says."""
        return (self.message and (self.message.text or self.message.markdown)) or ""

    def package(self) -> str:
        """The package that a finding about dependencies names; without its version, which an upgrade changes."""
        return str(self.own("package_name") or "")

    def texts(self) -> Iterator[str]:
        """Every text that may quote code, also those that are not handed on."""
        yield self.message_text()
        for location in self.locations or ():
            place = location.physical_location or PhysicalLocation()
            for region in (place.region, place.context_region):
                if region and region.snippet and region.snippet.text:
                    yield region.snippet.text
        for value in (self.properties or {}).values():
            if isinstance(value, str):
                yield value


class Properties(msgspec.Struct, rename="camel"):
    """A rule's tags."""

    tags: list[str] | None = None


class Rule(msgspec.Struct, rename="camel"):
    """A rule of a scanner."""

    id: str | None = None
    properties: Properties | None = None

    def all_tags(self) -> tuple[str, ...]:
        """The rule's tags, where its CWE stands."""
        return tuple((self.properties and self.properties.tags) or ())


class Component(msgspec.Struct, rename="camel"):
    """A tool or a part of one."""

    name: str | None = None
    rules: list[Rule] | None = None


class Tool(msgspec.Struct, rename="camel"):
    """What ran."""

    driver: Component | None = None
    extensions: list[Component] | None = None


class Invocation(msgspec.Struct, rename="camel"):
    """One start of a scanner."""

    start_time_utc: str | None = None
    working_directory: Artifact | None = None


class VersionControl(msgspec.Struct, rename="camel"):
    """What was checked out."""

    revision_id: str | None = None
    branch: str | None = None


class Run(msgspec.Struct, rename="camel"):
    """The one merged run of ASH, or one scanner's."""

    tool: Tool | None = None
    results: list[Result] | None = None
    invocations: list[Invocation] | None = None
    original_uri_base_ids: dict[str, Artifact] | None = None
    version_control_provenance: list[VersionControl] | None = None

    def tool_name(self) -> str:
        """The name of the tool, empty where there is none."""
        return (self.tool and self.tool.driver and self.tool.driver.name) or ""

    def rules(self) -> Iterator[Rule]:
        """The rules of the tool and of its parts."""
        tool = self.tool or Tool()
        for component in (tool.driver, *(tool.extensions or ())):
            yield from (component and component.rules) or ()

    def bases(self) -> Iterator[str]:
        """The folders that paths are relative to."""
        for base in (self.original_uri_base_ids or {}).values():
            yield base.uri or ""

    def folders(self) -> Iterator[str]:
        """The folders that scanners were started in."""
        for invocation in self.invocations or ():
            yield (invocation.working_directory and invocation.working_directory.uri) or ""

    def starts(self) -> Iterator[str]:
        """When scanners were started."""
        for invocation in self.invocations or ():
            if invocation.start_time_utc:
                yield invocation.start_time_utc


class Log(msgspec.Struct, rename="camel"):
    """A SARIF log."""

    runs: list[Run] | None = None

    def all_runs(self) -> list[Run]:
        """Its runs."""
        return self.runs or []
