"""Secrets go, code stays: what each kind of text looks like afterwards."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.systems.scans.redaction import Redactor
from holdfast.systems.scans.report import report_document
from holdfast.systems.scans.result import read_source, scan_of
from holdfast.systems.scans.rows import ndjson, scan_heading
from tests.simulators.ash_results import Made, many, result_file
from tests.systems.scans.reading import CONTEXT

TOKEN = "c2VudGluZWwx9Q4"
SHAPES = {
    "AWS key": "AKIA" + "IOSFODNN7EXAMPLE",
    "GitHub": "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "GitLab": "glpat-" + "abcDEF123456ghiJKL78",
    "Slack": "xoxb-" + "123456789012-abcdefABCDEF",
    "Stripe": "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "JWT": "eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N",
    "private key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA75\n-----END RSA PRIVATE KEY-----",
}


def mask(text: str, *, secret_rule: bool = False) -> str:
    return Redactor().mask(text, secret_rule=secret_rule)


@pytest.mark.parametrize("kind", SHAPES)
def test_a_known_kind_of_token_goes_from_any_text(kind: str) -> None:
    assert mask(f"call({SHAPES[kind]}) # end") == "call(***) # end"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ('password = "tulip"', 'password = "***"'),
        ("db_password: str = 'tulip'", "db_password: str = '***'"),
        ("demo_salt = b'tulip'", "demo_salt = b'***'"),
        ('{"api_key": "tulip", "size": 3}', '{"api_key": "***", "size": 3}'),
        ('{\\"password\\": \\"tulip\\"}', '{\\"password\\": \\"***'),
        ("connect(user='me', passwd='tulip')", "connect(user='me', passwd='***')"),
        ('if token == "tulip":', 'if token == "***":'),
        ('settings["secret"] = "tulip"', 'settings["secret"] = "***"'),
        ("DB_PASSWORD=tulip7", "DB_PASSWORD=***"),
        ("curl -H 'Authorization: Bearer abcdef123456'", "curl -H 'Authorization: Bearer ***'"),
        ("postgres://shop:tulip@db/orders", "postgres://***@db/orders"),
        ("run --password tulip7", "run --password ***"),
        ("ENV DB_PASSWORD tulip7", "ENV DB_PASSWORD ***"),
        ("<password>tulip7</password>", "<password>***</password>"),
        ("password: |\n  tulip7", "password: |\n  ***"),
    ],
)
def test_a_value_with_a_secret_name_goes_under_any_rule(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "container.innerHTML = html;",
        '<input type="password" id="password" name="password" required>',
        "self.password = password",
        "    run(x, shell=True)  # don't",
        '<link href="https://cdn.jsdelivr.net/npm/bootstrap@5.1.3/dist/css/bootstrap.min.css" rel="stylesheet">',
        'password = ""',
        "Secret of type 'AWS Access Key' detected in file 'src/a.py' at line 3",
    ],
)
def test_code_without_a_secret_stays_as_it_is(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ('call("tulip", 5)', 'call("***", 5)'),
        ("Possible hardcoded password: 'tulip'", "Possible hardcoded password: '***'"),
        ("Don't hardcode: 'tulip'", "Don't hardcode: '***'"),
        ("used as a default argument to '__init__'.", "used as a default argument to '__init__'."),
        ('settings["password"] = f("tulip")', 'settings["password"] = f("***")'),
        ("password: tulip", "password: ***"),
        ('"""tulip\ntulip"""', '"""***"""'),
        ("x = 'unfinished tulip", "x = '***"),
        ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "***"),
    ],
)
def test_under_a_rule_about_secrets_every_literal_goes(text: str, masked: str) -> None:
    assert mask(text, secret_rule=True) == masked


def test_an_invented_token_is_nowhere_in_any_output() -> None:
    data = result_file(
        [
            Made("B105", "bandit", snippet=f'    password = "{TOKEN}"', message=f"Possible hardcoded password: '{TOKEN}'", context=f'import os\n    password = "{TOKEN}"\n'),
            Made(snippet=f"    eval({TOKEN})", message=f"eval of {TOKEN}", suppressed=f"only {TOKEN}", tags=(f"seen-{TOKEN}",)),
            Made("SECRET-BASE64", "detect-secrets", path="proj/src/app.py", snippet=f"pre{TOKEN}post"),
        ]
    )  # fmt: skip
    document = json.loads(data)
    document["ash_config"]["scanners"] = {"custom": {"options": {"token": "tulip", "note": f"x {TOKEN} y"}}}
    document["sarif"]["runs"][0]["results"][1]["properties"]["raw_data"] = f"raw {TOKEN}"
    source = read_source(json.dumps(document).encode())
    scan = scan_of(source, CONTEXT)
    outputs = [report_document(source, scan, "both", fmt).data for fmt in ("json", "yaml")]
    outputs += [ndjson(scan), scan_heading(scan), repr(source.redactor).encode(), repr(scan).encode()]
    assert [data.count(TOKEN.encode()) for data in outputs] == [0] * 6
    assert b'"token":"***"' in outputs[0].replace(b" ", b"")


def test_secrets_that_only_lines_around_a_finding_show_are_known_in_the_others() -> None:
    shown = Made("B105", "bandit", context=f'password = "{TOKEN}"', snippet="password = (")
    scan = scan_of(read_source(result_file([shown, Made(snippet=f"eval({TOKEN})")])), CONTEXT)
    assert "eval(***)" in {finding.snippet for finding in scan.findings}


def test_a_large_project_keeps_none_of_its_passwords() -> None:
    data = result_file(many(2_000))
    source = read_source(data)
    assert data.count(b"tk00020Zq") > 0
    assert b"tk00020Zq" not in ndjson(scan_of(source, CONTEXT))


def test_redaction_is_on_unless_it_is_turned_off_and_changes_no_fingerprint() -> None:
    data = result_file([Made("B105", "bandit", snippet=f'    password = "{TOKEN}"')])
    kept = scan_of(read_source(data, redact=False), CONTEXT).findings[0]
    masked = scan_of(read_source(data), CONTEXT).findings[0]
    assert (TOKEN in kept.snippet, TOKEN in masked.snippet) == (True, False)
    assert kept.fingerprint == masked.fingerprint


@settings(max_examples=50)
@given(st.text(max_size=200), st.booleans())
def test_masking_twice_is_masking_once(text: str, secret_rule: bool) -> None:
    once = mask(text, secret_rule=secret_rule)
    assert mask(once, secret_rule=secret_rule) == once


@pytest.mark.parametrize(
    "part",
    [
        "key",
        "password",
        "'",
        '"',
        "\\",
        "://",
        "a.",
        "password :",
        "Aa1",
        "-----BEGIN PRIVATE KEY-----",
        "eyJ",
        " ",
    ],
)
def test_one_very_long_line_is_read_in_good_time(part: str) -> None:
    assert isinstance(mask(part * (30_000 // len(part)), secret_rule=True), str)
