"""Failures on the wire: a status code with a typed ErrorDetail, written by the servicer and read by the client."""

import re
from typing import Any, NoReturn

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import status_pb2  # type: ignore[import-untyped]
from grpc_status import rpc_status

from broker.security.redaction import redacted
from broker.translate import broker as wire
from domain.errors import BrokerUnavailable, HantradeError, LogError, RequestRefused
from hantrade.v1 import types_pb2

_CODES = {
    wire.INVALID_ARGUMENT: grpc.StatusCode.INVALID_ARGUMENT,
    "UNKNOWN_SYMBOL": grpc.StatusCode.NOT_FOUND,
    "NOT_FOUND": grpc.StatusCode.NOT_FOUND,
    "UNKNOWN_ORDER": grpc.StatusCode.NOT_FOUND,
    "NOT_OFFERED": grpc.StatusCode.UNIMPLEMENTED,
    "WRONG_JOURNAL": grpc.StatusCode.ABORTED,
    "AHEAD_OF_JOURNAL": grpc.StatusCode.OUT_OF_RANGE,
    "MALFORMED": grpc.StatusCode.INVALID_ARGUMENT,
    "UNAUTHENTICATED": grpc.StatusCode.UNAUTHENTICATED,
    "PERMISSION_DENIED": grpc.StatusCode.PERMISSION_DENIED,
    "NO_RULE": grpc.StatusCode.PERMISSION_DENIED,
    "TOO_MANY_CALLS": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "TOO_MANY_STREAMS": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "RATE_LIMITED": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "NO_SCREEN": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "UNKNOWN_CONDITION": grpc.StatusCode.NOT_FOUND,
}  # every other reason is FAILED_PRECONDITION

BROKER_UNAVAILABLE = "BROKER_UNAVAILABLE"
JOURNAL_UNAVAILABLE = "JOURNAL_UNAVAILABLE"  # the order journal takes no writes: what was not journaled did not happen

_SIZES = re.compile(r"message larger than max \((\d+) vs\. (\d+)\)")
_REFUSALS = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.OUT_OF_RANGE,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.RESOURCE_EXHAUSTED,  # a message above the size limit, a call too many
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED,
}


Failure = RequestRefused | BrokerUnavailable | LogError


def status_of(error: Failure) -> grpc.Status:
    """Give the status of an error, with its typed detail. Secrets stay here."""
    if isinstance(error, RequestRefused):
        code, message = _CODES.get(error.code, grpc.StatusCode.FAILED_PRECONDITION), redacted(error.text, error.field)
        detail = types_pb2.ErrorDetail(
            reason_code=error.code,
            field=error.field,
            value=redacted(error.value, error.field),
            allowed=redacted(error.allowed, error.field),
        )
    else:
        code, message = grpc.StatusCode.UNAVAILABLE, redacted(str(error))
        reason = JOURNAL_UNAVAILABLE if isinstance(error, LogError) else BROKER_UNAVAILABLE
        detail = types_pb2.ErrorDetail(reason_code=reason, broker_text=message)
    packed = AnyMessage()
    packed.Pack(detail)
    status: grpc.Status = rpc_status.to_status(status_pb2.Status(code=code.value[0], message=message, details=[packed]))
    return status


async def abort(context: Any, error: Failure) -> NoReturn:
    """End the call with the status of an error and its typed detail."""
    status = status_of(error)
    await context.abort(status.code, status.details, status.trailing_metadata)
    raise AssertionError("abort returned")  # for the type checker: abort always raises


def read_error(error: Any, endpoint: str) -> HantradeError:
    """Give the error of ours that a failed call (an RpcError, which is a Call too) stands for."""
    code: grpc.StatusCode = error.code()
    detail = _detail(error)
    text = redacted(str(error.details() or code.name), detail.field)  # it ends in the event log
    if code not in _REFUSALS:
        return BrokerUnavailable(f"broker {endpoint} answered {code.name}: {text}")
    if size := _SIZES.search(text):  # said by gRPC itself, which knows no details
        limit = f"at most {int(size[2]):,} bytes"
        text = f"the message is larger than max: {int(size[1]):,} bytes, {limit} are allowed"
        return RequestRefused(
            "RESOURCE_EXHAUSTED", text, field="message", value=f"{int(size[1]):,} bytes", allowed=limit
        )
    value, allowed = redacted(detail.value, detail.field), redacted(detail.allowed, detail.field)
    return RequestRefused(detail.reason_code or code.name, text, field=detail.field, value=value, allowed=allowed)


def _detail(error: Any) -> types_pb2.ErrorDetail:
    detail = types_pb2.ErrorDetail()
    try:
        status = rpc_status.from_call(error)
    except ValueError:  # details that do not belong to this status: foreign, nothing to read
        return detail
    for packed in status.details if status is not None else ():
        if packed.Unpack(detail):
            break
    return detail
