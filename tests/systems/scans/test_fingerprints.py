"""Fingerprints: the same finding keeps its own, another one has another."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.systems.scans.fingerprint import stable_rule
from tests.simulators.ash_results import Made, many, shifted
from tests.systems.scans.reading import scan

FILE = [
    Made(line=10),
    Made(line=40),
    Made("B602", "bandit", line=12, snippet="    run(x, shell=True)"),
    Made(path="b.py", line=1),
]


def prints(findings: list[Made]) -> set[str]:
    return {finding.fingerprint for finding in scan(findings).findings}


@settings(max_examples=50)
@given(st.integers(0, 5_000))
def test_lines_put_in_above_change_no_fingerprint(lines: int) -> None:
    assert prints(shifted(FILE, lines)) == prints(FILE)


@settings(max_examples=50)
@given(st.lists(st.sampled_from(["\n", "\n\n", "  \n", "\t"]), max_size=6), st.permutations(range(4)))
def test_blank_lines_layout_and_order_change_no_fingerprint(blanks: list[str], order: list[int]) -> None:
    above = "".join(blanks)
    moved = [replace(FILE[at], snippet=above + FILE[at].snippet + above) for at in order]
    assert prints(shifted(moved, above.count("\n"))) == prints(FILE)


def test_equal_code_in_one_file_is_told_apart_by_its_order() -> None:
    twice = [Made(line=10), Made(line=10), Made(line=40), Made(line=90)]
    assert len(prints(twice)) == 4
    assert prints(twice[:3]) < prints(twice)


def test_rule_scanner_file_and_code_each_tell_findings_apart() -> None:
    others = [
        replace(FILE[0], rule_id="other"),
        replace(FILE[0], scanner="opengrep"),
        replace(FILE[0], path="c.py"),
    ]
    others.append(replace(FILE[0], snippet="    eval(other_input)"))
    assert len(prints([FILE[0], *others])) == 5


def test_a_finding_without_code_keeps_its_fingerprint_when_only_its_line_in_the_message_moves() -> None:
    before = Made(
        "SECRET-KEY",
        "detect-secrets",
        line=3,
        snippet="",
        message="Secret of type 'Key' detected in file 'a.py' at line 3",
    )
    after = replace(before, line=9, message=before.message.replace("line 3", "line 9"))
    assert prints([before]) == prints([after])


def test_the_worthless_fingerprints_of_the_file_are_not_used() -> None:
    assert len(prints(many(300))) == 300


def test_a_changed_password_is_the_same_finding_and_its_value_is_not_in_the_fingerprint() -> None:
    def with_password(value: str) -> set[str]:
        return prints(
            [
                Made(
                    "B105",
                    "bandit",
                    snippet=f'    password = "{value}"',
                    message=f"Possible hardcoded password: '{value}'",
                )
            ]
        )

    assert with_password("Sommer2024x") == with_password("another-Long-1")


def test_a_neighbours_secret_does_not_change_a_findings_fingerprint() -> None:
    plain = Made(snippet="    eval(Sommer2024x)")
    secret = Made("B105", "bandit", line=3, snippet='    password = "Sommer2024x"')
    assert prints([plain]) < prints([plain, secret])


def test_a_rule_file_on_another_machine_is_the_same_rule() -> None:
    rule = "ash_stargrep_rules.hardcoded-credentials"
    assert (
        stable_rule(
            f"Users.me..cache.uv.archive-v0.bnX.lib.site-packages.automated_security_helper.assets.{rule}"
        )
        == rule
    )
    assert stable_rule(f"opt.ash.{rule}") == rule
    assert (
        stable_rule("python.lang.security.audit.eval-detected") == "python.lang.security.audit.eval-detected"
    )


def test_a_fingerprint_is_the_same_in_every_release() -> None:
    # printf '1\x1fsemgrep\x1f<rule>\x1fsrc/app.py\x1feval(user_input)\x1f0' | sha256sum
    assert prints([Made()]) == {"1e7841f6f6f572aa05a0cb1e"}
