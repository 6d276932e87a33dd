"""The query protocol of IAM and STS: parameters from a form, answers as XML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from urllib.parse import parse_qsl

from holdfast.sandbox.wire import REQUEST_ID, Answer, Json, Parameters

_MEMBER = re.compile(r"(\w+)\.member\.(\d+)")
_SPACES = {
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
}


def form_parameters(body: bytes) -> Parameters:
    """The members of a form; plain lists (`Name.member.1`) as lists, anything nested under its raw name."""
    values: dict[str, Json] = {}
    lists: dict[str, dict[int, str]] = {}
    for name, value in parse_qsl(body.decode(), keep_blank_values=True):
        found = _MEMBER.fullmatch(name)
        if found:
            lists.setdefault(found.group(1), {})[int(found.group(2))] = value
        else:
            values[name] = value
    listed: dict[str, Json] = {name: [each[at] for at in sorted(each)] for name, each in lists.items()}
    return Parameters({**values, **listed})


def xml_answer(service: str, operation: str, answer: Answer) -> bytes:
    """The answer as the service sends it."""
    result = f"<{operation}Result>{_xml(answer)}</{operation}Result>" if answer else ""
    meta = f"<ResponseMetadata><RequestId>{REQUEST_ID}</RequestId></ResponseMetadata>"
    return f'<{operation}Response xmlns="{_SPACES[service]}">{result}{meta}</{operation}Response>'.encode()


def _xml(value: object) -> str:
    if isinstance(value, Mapping):
        return "".join(f"<{name}>{_xml(each)}</{name}>" for name, each in value.items())
    if isinstance(value, list):
        return "".join(f"<member>{_xml(each)}</member>" for each in value)
    return str(value).lower() if isinstance(value, bool) else escape(str(value))
