"""An access review as one HTML page: to read, to print, and to sign."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from holdfast.kernel.ids import timestamp
from holdfast.kernel.runs.charts import PATTERNS, Bar, legend, stacked_bars
from holdfast.kernel.runs.page import definitions, escaped, html_page, section, table
from holdfast.kernel.showing import visible
from holdfast.systems.identity_center.access.moments import AsOf, other_instance
from holdfast.systems.identity_center.access.paths import in_words
from holdfast.systems.identity_center.access.review import ContentChange, Review, Turn, TurnKind

CHARTED = 20
"""Accounts in the chart: those where most changed."""

NO_USER = "(no user: the group has no members)"
DECISIONS = ("keep", "revoke", "initials")
SIGN = '<p class="sign">Reviewed by <span></span> date <span></span> signature <span></span></p>'


def review_page(found: Review, old: AsOf, new: AsOf, made_by: str) -> str:
    """The whole page; equal for equal arguments."""
    title = f"Access review {old.taken_at:%Y-%m-%d} to {new.taken_at:%Y-%m-%d}"
    return html_page(escaped(title), "\n".join(_body(found, old, new, made_by, title)))


def ways_in_words(ways: Iterable[str]) -> str:
    """Each way in words; nothing for no access."""
    return ", ".join(in_words(way) for way in ways)


def path_in_words(turn: Turn) -> str:
    """The path that was gained or lost, or both with an arrow between."""
    return " → ".join(ways_in_words(ways) for ways in (turn.before, turn.after) if ways)


def user_in_words(turn: Turn) -> str:
    """The user's name, or that there is none."""
    return turn.user or NO_USER


def causes_in_words(turn: Turn) -> str:
    """All causes in one line."""
    return "; ".join(str(cause) for cause in turn.causes)


def account_in_words(turn: Turn) -> str:
    """The account's name and id; the id alone where the name is not known."""
    return f"{turn.account_name} ({turn.account_id})" if turn.account_name else turn.account_id


def _body(found: Review, old: AsOf, new: AsOf, made_by: str, title: str) -> Iterator[str]:
    yield f"<h1>{escaped(title)}</h1>"
    yield PATTERNS
    yield from _warnings(old, new)
    yield definitions(_facts(old, new, made_by))
    yield from section("In short", _summary(found))
    yield from section("By account", _by_account(found.turns))
    yield from section("By person", _by_person(found.turns))
    yield from section("Permission sets whose content changed", _contents(found.contents))
    yield from section("Sign-off", (SIGN, SIGN))
    yield "<footer>Access of disabled users counts as none. User names are compared without case.</footer>"


def _warnings(old: AsOf, new: AsOf) -> Iterator[str]:
    if told := other_instance(old, new):
        yield f'<div class="banner bad">{escaped(told)}</div>'
    for side, word in ((old, "gained"), (new, "lost")):
        if side.gaps:
            told = f"{side.id} was not read whole: {'; '.join(side.gaps)}."
            doubt = f"What is listed as {word} may only be unread there, and absence proves nothing."
            yield f'<div class="banner bad">{escaped(told)} {doubt}</div>'


def _facts(old: AsOf, new: AsOf, made_by: str) -> Iterator[tuple[str, str]]:
    for label, side in (("From", old), ("To", new)):
        digest = f"digest {side.digest}" if side.digest else "read from the service, not sealed"
        taken = f"taken {timestamp(side.taken_at)} of {side.instance}, account {side.account}"
        yield label, f"{side.id}, {taken}, {digest}"
    yield "Made by", made_by


def _summary(found: Review) -> Iterator[str]:
    counts = ([kind.value, *(f"{count:,}" for count in found.counts(kind))] for kind in TurnKind)
    yield table(("access", "accesses", "users", "accounts"), counts, numbers=3)
    yield f"<p>Permission sets whose content changed: {len(found.contents):,}</p>"
    if not found.turns:
        yield "<p>Nobody gained or lost access, and no path changed.</p>"
        return
    causes = ([cause, f"{count:,}"] for cause, count in found.causes())
    yield table(("cause", "times"), causes, numbers=1)
    yield stacked_bars("Accounts where most changed", list(_bars(found.turns)), relative=False)
    yield legend([kind.value for kind in TurnKind])


def _bars(turns: Sequence[Turn]) -> Iterator[Bar]:
    kinds: dict[str, Counter[TurnKind]] = {}
    for turn in turns:
        kinds.setdefault(account_in_words(turn), Counter())[turn.kind] += 1
    for account in sorted(kinds, key=lambda name: (-kinds[name].total(), name))[:CHARTED]:
        shares = tuple((kind.value, float(kinds[account][kind])) for kind in TurnKind if kinds[account][kind])
        yield Bar(visible(account), shares, f"{kinds[account].total():,}")


def _by_account(turns: Sequence[Turn]) -> Iterator[str]:
    accounts: dict[tuple[str, str], list[Turn]] = {}
    for turn in turns:
        accounts.setdefault((turn.account_name.casefold(), turn.account_id), []).append(turn)
    for place in sorted(accounts):
        yield f"<h3>{escaped(account_in_words(accounts[place][0]))}</h3>"
        rows = _gathered(accounts[place], user_in_words)
        yield table(("permission set", *WHAT, "users"), rows, blanks=DECISIONS)
        yield SIGN


def _by_person(turns: Sequence[Turn]) -> Iterator[str]:
    for user, listed in groupby(turns, key=user_in_words):
        yield f"<h3>{escaped(user)}</h3>"
        rows = _gathered(listed, account_in_words)
        yield table(("permission set", *WHAT, "accounts"), rows, blanks=DECISIONS)


WHAT = ("what", "path", "cause")


def _gathered(turns: Iterable[Turn], other: Callable[[Turn], str]) -> Iterator[list[str]]:
    """A row for all turns that are alike in permission set, path and cause, with their others in its last cell."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for turn in turns:
        row = (turn.permission_set, turn.kind.value, path_in_words(turn), causes_in_words(turn))
        alike.setdefault(row, []).append(other(turn))
    for shared, others in sorted(alike.items()):
        count = f"{len(others):,}: " if len(others) > 1 else ""
        yield [*shared, count + ", ".join(others)]


def _contents(contents: Sequence[ContentChange]) -> Iterator[str]:
    for change in contents:
        yield f"<h3>{escaped(change.permission_set)}</h3>"
        yield f"<p>{change.accounts:,} accounts and {change.users:,} users have it.</p>"
        rows = ([item.name, item.backup or "none", item.live or "none"] for item in change.fields)
        yield table(("field", "before", "after"), rows)
        yield SIGN
