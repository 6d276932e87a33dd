"""The WSGI application: control endpoints, the fault rules, our services, and moto for the rest."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, cast

import msgspec

from holdfast.sandbox.control import answer_control
from holdfast.sandbox.engine import Engine
from holdfast.sandbox.faults import Asked, Verdict
from holdfast.sandbox.services import Service, parameters_of
from holdfast.sandbox.wire import ApiRefusal, Parameters

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_log = logging.getLogger(__name__)
_SCOPE = re.compile(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/")
_ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
_XML_SERVICES = frozenset({"s3", "iam", "sts", "sns", "sqs", "route53", "cloudformation", "monitoring"})
_REASONS = {
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}


class ConnectionCut(Exception):
    """The rules want the client to see a reset connection; the server closes the socket without an answer."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as it arrived. `own` is our service and operation, None for those that moto answers."""

    environ: WSGIEnvironment
    body: bytes
    own: tuple[Service, str] | None
    asked: Asked


class Application:
    """One sandbox as a WSGI application. moto is imported with the first request that needs it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._moto: WSGIApplication | None = None
        self._moto_lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith("/_sandbox/"):
            body = _body(environ)
            status, answer = answer_control(
                self._engine, environ["REQUEST_METHOD"], environ["PATH_INFO"], body
            )
            if environ["PATH_INFO"] == "/_sandbox/reset" and self._moto is not None:
                self._reset_moto()
            return _send(start_response, status, answer, "application/json", [])
        return self._answer(self._incoming(environ), start_response)

    def _incoming(self, environ: WSGIEnvironment) -> Incoming:
        body, own = _body(environ), self._engine.services.find(environ.get("HTTP_X_AMZ_TARGET", ""))
        scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        region, signed = (scope.group(1), scope.group(2)) if scope else ("", "")
        service, operation = (
            (own[0].name, own[1]) if own else (signed or "unsigned", _operation(environ, body))
        )
        parameters = _readable(body) if own else Parameters({})
        prefix = own[0].iam_prefix if own else service
        resource = self._engine.resource(service, parameters)
        asked = Asked(
            service, operation, region, parameters, f"{prefix}:{operation}", resource, self._engine.caller()
        )
        return Incoming(environ, body, own, asked)

    def _answer(self, incoming: Incoming, start_response: StartResponse) -> Iterable[bytes]:
        verdict = self._engine.faults.judge(incoming.asked)
        cut_short = verdict.refusal is not None or verdict.reset
        self._engine.count(incoming.asked, verdict.throttled, cut_short)
        if not verdict.after:
            time.sleep(verdict.delay)
        if not cut_short:
            answer = self._serve(incoming, verdict, start_response)
            # The effect is there and the answer is late: what a client that is killed meanwhile leaves behind.
            time.sleep(verdict.delay if verdict.after else 0)
            return answer
        if verdict.after:
            # The effect happens and the answer is lost: what a client sees when the connection dies late.
            list(self._serve(incoming, verdict, _nowhere))
            time.sleep(verdict.delay)
        if verdict.reset:
            raise ConnectionCut
        return _refuse(incoming, cast(ApiRefusal, verdict.refusal), start_response)

    def _serve(self, incoming: Incoming, verdict: Verdict, start_response: StartResponse) -> Iterable[bytes]:
        caller = self._engine.setup.caller
        if caller and incoming.asked.operation == "GetCallerIdentity":
            return _send(start_response, 200, _identity(caller), "text/xml", [])
        if incoming.own is None:
            return self._moto_application()(incoming.environ, start_response)
        service, operation = incoming.own
        try:
            _require_signature(incoming)
            parameters_of(incoming.body)
            if operation not in service.contract.operations:
                raise ApiRefusal("UnknownOperationException", f"{service.name} has no operation {operation}.")
            answer = self._engine.answer(service, incoming.asked, verdict.conduct)
        except ApiRefusal as refusal:
            return _refuse(incoming, refusal, start_response)
        return _send(start_response, 200, answer, "application/x-amz-json-1.1", [])

    def _moto_application(self) -> WSGIApplication:
        with self._moto_lock:
            if self._moto is None:
                from holdfast.sandbox.fall_through import moto_application

                self._moto = moto_application()
            return self._moto

    def _reset_moto(self) -> None:
        from holdfast.sandbox.fall_through import reset_moto

        reset_moto()


def _identity(caller: str) -> bytes:
    """STS's answer to GetCallerIdentity."""
    told = f"<Arn>{escape(caller)}</Arn><UserId>AROASANDBOX:caller</UserId><Account>{caller.split(':')[4]}</Account>"
    result = f"<GetCallerIdentityResult>{told}</GetCallerIdentityResult>"
    space = "https://sts.amazonaws.com/doc/2011-06-15/"
    return f'<GetCallerIdentityResponse xmlns="{space}">{result}</GetCallerIdentityResponse>'.encode()


def _require_signature(incoming: Incoming) -> None:
    if not incoming.asked.region:
        raise ApiRefusal("MissingAuthenticationTokenException", "Missing Authentication Token", 403)


def _readable(body: bytes) -> Parameters:
    """The parameters for the fault rules; none where the body is not readable, which is judged later."""
    try:
        return parameters_of(body)
    except ApiRefusal:
        return Parameters({})


def _body(environ: WSGIEnvironment) -> bytes:
    """The whole body, which stays readable for whoever answers after the rules."""
    length = environ.get("CONTENT_LENGTH")
    if environ.get("wsgi.input_terminated"):
        body = environ["wsgi.input"].read()
    else:
        body = environ["wsgi.input"].read(int(length)) if length else b""
    environ["wsgi.input"] = BytesIO(body)
    return cast(bytes, body)


def _operation(environ: WSGIEnvironment, body: bytes) -> str:
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return str(target.rsplit(".", 1)[-1])
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        found = _ACTION.search(body)
        if found:
            return found.group(1).decode()
    return f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"


def _refuse(incoming: Incoming, refusal: ApiRefusal, start_response: StartResponse) -> Iterable[bytes]:
    request_id = "00000000-0000-4000-8000-000000000000"
    if incoming.own is None and incoming.asked.service in _XML_SERVICES:
        code = (
            "AccessDenied"
            if refusal.code == "AccessDeniedException"
            else refusal.code.removesuffix("Exception")
        )
        inner = f"<Error><Code>{code}</Code><Message>{refusal.message}</Message></Error>"
        whole = inner if incoming.asked.service == "s3" else f"<ErrorResponse>{inner}</ErrorResponse>"
        body = b"" if incoming.environ["REQUEST_METHOD"] == "HEAD" else whole.encode()
        status = 403 if code == "AccessDenied" else refusal.status
        return _send(start_response, status, body, "application/xml", [])
    members = {"__type": refusal.code, "Message": refusal.message, **refusal.members}
    if incoming.asked.service == "identitystore":
        members["RequestId"] = request_id
    headers = [("x-amzn-ErrorType", refusal.code)]
    return _send(
        start_response, refusal.status, msgspec.json.encode(members), "application/x-amz-json-1.1", headers
    )


def _send(
    start_response: StartResponse, status: int, body: bytes, content_type: str, headers: list[tuple[str, str]]
) -> Iterable[bytes]:
    line = f"{status} {_REASONS.get(status, 'Sandbox')}"
    shown = [("Content-Type", content_type), ("Content-Length", str(len(body))), *headers]
    start_response(line, [*shown, ("x-amzn-RequestId", "00000000-0000-4000-8000-000000000000")])
    return [body]


def _nowhere(
    status: str, headers: list[tuple[str, str]], exc_info: object = None
) -> Callable[[bytes], object]:
    return lambda data: None
