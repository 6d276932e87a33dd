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


class Text(msgspec.Struct):
    """A message or a snippet."""

    text: str | None = None
    markdown: str | None = None


class Artifact(msgspec.Struct):
    """Where a file or a folder is."""

    uri: str | None = None
    uriBaseId: str | None = None  # noqa: N815


class Region(msgspec.Struct):
    """Lines and columns from 1; -1 and null stand for none."""

    startLine: int | None = None  # noqa: N815
    startColumn: int | None = None  # noqa: N815
    endLine: int | None = None  # noqa: N815
    snippet: Text | None = None


class PhysicalLocation(msgspec.Struct):
    """A place in a file."""

    artifactLocation: Artifact | None = None  # noqa: N815
    region: Region | None = None
    contextRegion: Region | None = None  # noqa: N815


class Location(msgspec.Struct):
    """A place."""

    physicalLocation: PhysicalLocation | None = None  # noqa: N815


class Suppression(msgspec.Struct):
    """Why a result does not count."""

    kind: str | None = None
    justification: str | None = None


class Result(msgspec.Struct):
    """One finding of one scanner."""

    ruleId: str | None = None  # noqa: N815
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
        tool = run.tool_name()
        tag = next((tag for tag in self.tags() if tag.lower() in KNOWN_SCANNERS), "")
        named = str(self.own("scanner_name") or "") or self.details("tool_name")
        return named or (tag if tool in ("", GENERIC_TOOL) else tool) or UNKNOWN

    def scanner_version(self) -> str:
        """The scanner's version as ASH writes it."""
        return str(self.own("scanner_version") or "") or self.details("tool_version")

    def place(self) -> PhysicalLocation:
        """The first place, empty where there is none."""
        first = next(iter(self.locations or ()), None)
        return (first and first.physicalLocation) or PhysicalLocation()

    def region(self) -> Region:
        """The lines that the finding is about: `contextRegion` starts earlier, so it only stands in."""
        place = self.place()
        return place.region or place.contextRegion or Region()

    def uri(self) -> str:
        """The file as the scanner spelled it, empty where there is none."""
        artifact = self.place().artifactLocation
        return (artifact and artifact.uri) or ""

    def snippet(self) -> str:
        """The code of the region, or the context's, or nothing."""
        place = self.place()
        for region in (place.region, place.contextRegion):
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
            place = location.physicalLocation or PhysicalLocation()
            for region in (place.region, place.contextRegion):
                if region and region.snippet and region.snippet.text:
                    yield region.snippet.text
        for value in (self.properties or {}).values():
            if isinstance(value, str):
                yield value


class Properties(msgspec.Struct):
    """A rule's tags."""

    tags: list[str] | None = None


class Rule(msgspec.Struct):
    """A rule of a scanner."""

    id: str | None = None
    properties: Properties | None = None

    def all_tags(self) -> tuple[str, ...]:
        """The rule's tags, where its CWE stands."""
        return tuple((self.properties and self.properties.tags) or ())


class Component(msgspec.Struct):
    """A tool or a part of one."""

    name: str | None = None
    rules: list[Rule] | None = None


class Tool(msgspec.Struct):
    """What ran."""

    driver: Component | None = None
    extensions: list[Component] | None = None


class Invocation(msgspec.Struct):
    """One start of a scanner."""

    startTimeUtc: str | None = None  # noqa: N815
    workingDirectory: Artifact | None = None  # noqa: N815


class VersionControl(msgspec.Struct):
    """What was checked out."""

    revisionId: str | None = None  # noqa: N815
    branch: str | None = None


class Run(msgspec.Struct):
    """The one merged run of ASH, or one scanner's."""

    tool: Tool | None = None
    results: list[Result] | None = None
    invocations: list[Invocation] | None = None
    originalUriBaseIds: dict[str, Artifact] | None = None  # noqa: N815
    versionControlProvenance: list[VersionControl] | None = None  # noqa: N815

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
        for base in (self.originalUriBaseIds or {}).values():
            yield base.uri or ""

    def folders(self) -> Iterator[str]:
        """The folders that scanners were started in."""
        for invocation in self.invocations or ():
            yield (invocation.workingDirectory and invocation.workingDirectory.uri) or ""

    def starts(self) -> Iterator[str]:
        """When scanners were started."""
        for invocation in self.invocations or ():
            if invocation.startTimeUtc:
                yield invocation.startTimeUtc


class Log(msgspec.Struct):
    """A SARIF log."""

    runs: list[Run] | None = None

    def all_runs(self) -> list[Run]:
        """Its runs."""
        return self.runs or []
