"""A request as it arrived: who signed it, which operation of which service, and IAM's names for that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qsl

from holdfast.sandbox.authorization import resources_of
from holdfast.sandbox.engine import Engine
from holdfast.sandbox.faults import Asked
from holdfast.sandbox.query_wire import form_parameters
from holdfast.sandbox.quicksight.bundle_store import DOWNLOAD, DOWNLOADS
from holdfast.sandbox.s3_actions import s3_action
from holdfast.sandbox.services import Service
from holdfast.sandbox.wire import ApiRefusal, Caller, Document, Parameters, json_object

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_SCOPE = re.compile(r"([^/= ]+)/\d+/([^/]+)/([^/]+)/aws4_request")


@dataclass(frozen=True, slots=True)
class Incoming:
    """`own` is our service and operation, None for those of moto; `stranger` refuses a signature of nobody."""

    environ: WSGIEnvironment
    body: bytes
    own: tuple[Service, str] | None
    asked: Asked
    caller: Caller
    stranger: ApiRefusal | None


def incoming(engine: Engine, environ: WSGIEnvironment) -> Incoming:
    """The request, read whole; its body stays readable for whoever answers."""
    body = read_body(environ)
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    key, region, signed = _signature(environ, query)
    if environ["PATH_INFO"].startswith(DOWNLOADS):
        signed, query = DOWNLOAD, {}
    token = environ.get("HTTP_X_AMZ_SECURITY_TOKEN") or query.get("X-Amz-Security-Token", "")
    stranger: ApiRefusal | None = None
    try:
        caller = engine.caller(key, token)
    except ApiRefusal as refusal:
        caller, stranger = engine.caller("", ""), refusal
    own, parameters = _own(engine, environ, body, signed)
    service, operation = (own[0].name, own[1]) if own else (signed, _operation(environ, body))
    if signed == "s3":
        parameters = Parameters(cast(Document, query))
    action = f"{own[0].iam_prefix if own else service}:{operation}"
    resources = resources_of(engine.world, service, operation, parameters, caller, region)
    if service == "s3":
        path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
        action, resource = s3_action(environ["REQUEST_METHOD"], path, query)
        resources = (resource,)
    asked = Asked(service, operation, region, parameters, action, resources, caller.arn)
    return Incoming(environ, body, own, asked, caller, stranger)


def _signature(environ: WSGIEnvironment, query: Mapping[str, str]) -> tuple[str, str, str]:
    """Access key, region and service of the header or of a presigned URL, which S3 also has in an older form."""
    scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION") or query.get("X-Amz-Credential", ""))
    if scope:
        return scope.group(1), scope.group(2), scope.group(3)
    key = query.get("AWSAccessKeyId", "")
    return key, "", "s3" if key else "unsigned"


def read_body(environ: WSGIEnvironment) -> bytes:
    """The whole body, which stays readable for whoever answers after the rules."""
    length = environ.get("CONTENT_LENGTH")
    if environ.get("wsgi.input_terminated"):
        body = environ["wsgi.input"].read()
    else:
        body = environ["wsgi.input"].read(int(length)) if length else b""
    environ["wsgi.input"] = BytesIO(body)
    return cast(bytes, body)


def _own(
    engine: Engine, environ: WSGIEnvironment, body: bytes, signed: str
) -> tuple[tuple[Service, str] | None, Parameters]:
    """Our service and operation, if any, and the parameters for the rules: none where the body is unreadable."""
    own = engine.services.find(environ.get("HTTP_X_AMZ_TARGET", ""))
    rest = None if own else engine.services.find_rest(signed)
    try:
        if rest:
            service, contract = rest
            operation, named = contract.route(environ["REQUEST_METHOD"], environ["REQUEST_URI"])
            own = service, operation
            query = environ.get("QUERY_STRING", "")
            known = operation in contract.operations
            return own, Parameters(contract.request(operation, named, query, body) if known else {})
        if environ.get("HTTP_X_AMZ_TARGET"):
            return own, Parameters(json_object(body))
        return own, form_parameters(body) if _is_form(environ) else Parameters({})
    except (ApiRefusal, UnicodeDecodeError):
        return own, Parameters({})


def _operation(environ: WSGIEnvironment, body: bytes) -> str:
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return str(target.rsplit(".", 1)[-1])
    found = re.search(rb"(?:^|&)Action=(\w+)", body) if _is_form(environ) else None
    return found.group(1).decode() if found else f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"


def _is_form(environ: WSGIEnvironment) -> bool:
    return str(environ.get("CONTENT_TYPE", "")).startswith("application/x-www-form-urlencoded")
