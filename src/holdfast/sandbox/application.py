"""The WSGI application: control endpoints, the fault rules, our services, and moto for the rest."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from html import escape
from typing import TYPE_CHECKING, cast

import msgspec

from holdfast.sandbox.control import answer_control
from holdfast.sandbox.engine import Engine
from holdfast.sandbox.environment import BUNDLES
from holdfast.sandbox.faults import Verdict
from holdfast.sandbox.iam_api import TOLD_TO_MOTO
from holdfast.sandbox.incoming import Incoming, incoming, read_body
from holdfast.sandbox.kms_rules import require_usable_key
from holdfast.sandbox.quicksight.bundle_store import DOWNLOAD
from holdfast.sandbox.relay import asked_of
from holdfast.sandbox.wire import REQUEST_ID, ApiRefusal, Parameters, json_object

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_log = logging.getLogger(__name__)
_JSON = "application/x-amz-json-1.1"
_XML_SERVICES = frozenset(
    {"s3", DOWNLOAD, "iam", "sts", "sns", "sqs", "route53", "cloudformation", "monitoring"}
)
_FORBIDDEN = frozenset({"AccessDenied", "InvalidAccessKeyId", "InvalidClientTokenId"})
_REASONS = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    429: "Too Many Requests",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}


class ConnectionCut(Exception):
    """The rules want the client to lose the connection: reset without an answer, or closed after a part of it."""

    def __init__(self, part: bytes = b"") -> None:
        super().__init__(part)
        self.part = part


class Application:
    """One sandbox as a WSGI application. moto is imported with the first request that needs it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._moto: WSGIApplication | None = None
        self._moto_lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith("/_sandbox/"):
            body = read_body(environ)
            status, answer = answer_control(
                self._engine, environ["REQUEST_METHOD"], environ["PATH_INFO"], body
            )
            if environ["PATH_INFO"] == "/_sandbox/reset" and self._moto is not None:
                self._reset_moto()
            return _send(start_response, status, answer, "application/json", [])
        return self._answer(incoming(self._engine, environ), start_response)

    def _answer(self, incoming: Incoming, start_response: StartResponse) -> Iterable[bytes]:
        verdict = self._engine.faults.judge(incoming.asked)
        cut_short = verdict.refusal is not None or verdict.reset
        self._engine.count(incoming.asked, verdict.throttled, cut_short or verdict.cut_body)
        if not verdict.after:
            time.sleep(verdict.delay)
        if not cut_short:
            answer = self._serve(incoming, verdict, start_response)
            # The effect is there and the answer is late: what a client that is killed meanwhile leaves behind.
            time.sleep(verdict.delay if verdict.after else 0)
            if verdict.cut_body:
                whole = b"".join(answer)
                raise ConnectionCut(whole[: len(whole) // 2])
            return answer
        if verdict.after:
            # The effect happens and the answer is lost: what a client sees when the connection dies late.
            list(self._serve(incoming, verdict, _nowhere))
            time.sleep(verdict.delay)
        if verdict.reset:
            raise ConnectionCut
        return _refuse(incoming, cast(ApiRefusal, verdict.refusal), start_response)

    def _serve(self, incoming: Incoming, verdict: Verdict, start_response: StartResponse) -> Iterable[bytes]:
        try:
            if incoming.asked.service == DOWNLOAD:
                # Whoever has the URL may fetch what is behind it.
                return _send(
                    start_response, 200, self._engine.bundle(incoming.environ), "application/zip", []
                )
            if incoming.stranger is not None:
                raise incoming.stranger
            self._engine.authorize(incoming.asked, incoming.caller)
            if incoming.own is None:
                return self._serve_other(incoming, verdict, start_response)
            service, operation = incoming.own
            _require_signature(incoming)
            json_object(incoming.body)
            if operation not in service.contract.operations:
                raise ApiRefusal("UnknownOperationException", f"{service.name} has no operation {operation}.")
            status, answer = self._engine.answer(service, incoming.asked, verdict.conduct, incoming.caller)
        except ApiRefusal as refusal:
            return _refuse(incoming, refusal, start_response)
        return _send(start_response, status, answer, service.contract.content_type, [])

    def _serve_other(
        self, incoming: Incoming, verdict: Verdict, start_response: StartResponse
    ) -> Iterable[bytes]:
        """The answer of IAM and STS where they are the sandbox's own, of moto for everything else."""
        # Whatever key signed: moto keeps its state by the account that this header names.
        incoming.environ["HTTP_X_MOTO_ACCOUNT_ID"] = incoming.caller.account
        if incoming.asked.service == "dynamodb":
            return self._serve_dynamodb(incoming, verdict, start_response)
        answer = self._engine.answer_query(incoming.asked, incoming.caller)
        if answer is None:
            if incoming.asked.service == "kms":
                require_usable_key(
                    incoming.asked.operation,
                    Parameters(json_object(incoming.body)),
                    incoming.caller.account,
                    incoming.asked.region,
                )
            moto = self._moto_application()
            if incoming.environ["PATH_INFO"].startswith(f"/{BUNDLES}") and incoming.asked.service == "s3":
                from holdfast.sandbox.fall_through import make_bucket

                make_bucket(BUNDLES, incoming.caller.account, incoming.asked.region)
            return moto(incoming.environ, start_response)
        if (
            incoming.asked.action in TOLD_TO_MOTO
            and incoming.caller.account == self._engine.world.management_account
        ):
            # So that it can be attached to users and roles, which are moto's; the answer is given already.
            list(self._moto_application()(incoming.environ, _nowhere))
        return _send(start_response, 200, answer, "text/xml", [])

    def _serve_dynamodb(
        self, incoming: Incoming, verdict: Verdict, start_response: StartResponse
    ) -> Iterable[bytes]:
        moto = self._moto_application()
        answer = self._engine.answer_dynamodb(
            incoming.asked,
            verdict.conduct,
            incoming.caller,
            lambda operation, asked: asked_of(moto, incoming.environ, operation, asked),
        )
        if answer is None:
            return moto(incoming.environ, start_response)
        return _send(start_response, 200, answer, "application/x-amz-json-1.0", [])

    def _moto_application(self) -> WSGIApplication:
        with self._moto_lock:
            if self._moto is None:
                from holdfast.sandbox.fall_through import moto_application

                self._moto = moto_application()
            return self._moto

    def _reset_moto(self) -> None:
        from holdfast.sandbox.fall_through import reset_moto

        reset_moto(list(self._engine.world.organization.accounts))


def _require_signature(incoming: Incoming) -> None:
    if not incoming.asked.region:
        raise ApiRefusal("MissingAuthenticationTokenException", "Missing Authentication Token", 403)


def _refuse(incoming: Incoming, refusal: ApiRefusal, start_response: StartResponse) -> Iterable[bytes]:
    if incoming.own is None and incoming.asked.service in _XML_SERVICES:
        return _refuse_xml(incoming, refusal, start_response)
    members = {"__type": refusal.code, "Message": refusal.message, **refusal.members}
    if incoming.asked.service in ("identitystore", "quicksight"):
        members["RequestId"] = REQUEST_ID
    headers, status, content_type = [("x-amzn-ErrorType", refusal.code)], refusal.status, _JSON
    if incoming.own is not None:
        contract = incoming.own[0].contract
        status, content_type = contract.status_of(refusal), contract.content_type
    return _send(start_response, status, msgspec.json.encode(members), content_type, headers)


def _refuse_xml(incoming: Incoming, refusal: ApiRefusal, start_response: StartResponse) -> Iterable[bytes]:
    s3 = incoming.asked.service in ("s3", DOWNLOAD)
    code, status = refusal.code.removesuffix("Exception"), refusal.status
    if code == "UnrecognizedClient":
        code = "InvalidAccessKeyId" if s3 else "InvalidClientTokenId"
    if code in _FORBIDDEN:
        status = 403
    inner = f"<Error><Code>{code}</Code><Message>{escape(refusal.message)}</Message></Error>"
    whole = inner if s3 else f"<ErrorResponse>{inner}</ErrorResponse>"
    body = b"" if incoming.environ["REQUEST_METHOD"] == "HEAD" else whole.encode()
    return _send(start_response, status, body, "application/xml", [])


def _send(
    start_response: StartResponse, status: int, body: bytes, content_type: str, headers: list[tuple[str, str]]
) -> Iterable[bytes]:
    line = f"{status} {_REASONS.get(status, 'Sandbox')}"
    shown = [("Content-Type", content_type), ("Content-Length", str(len(body))), *headers]
    start_response(line, [*shown, ("x-amzn-RequestId", REQUEST_ID)])
    return [body]


def _nowhere(
    status: str, headers: list[tuple[str, str]], exc_info: object = None
) -> Callable[[bytes], object]:
    return lambda data: None
