"""From gRPC's errors to this package's, code, reason and hint intact (docs/formats/wire.md)."""

from __future__ import annotations

import re

import grpc
from google.protobuf.message import DecodeError

from plumbline import errors
from plumbline._text import harmless
from plumbline._wire import status_pb2

_REASON = re.compile(r"[a-z0-9_]{1,64}")
_REQUEST_ID = re.compile(r"[0-9a-f]{1,32}")
_LINK_CODES = ("unavailable", "unknown", "internal", "deadline_exceeded", "cancelled")
_NO_BOARD = ("board_not_found", "board_busy")
_DETAILS_KEY = "grpc-status-details-bin"


def failure_of(error: grpc.RpcError) -> tuple[str, str, str]:
    """Reason, hint and the server's request id that came with a failed call; empty where none did."""
    for key, value in error.trailing_metadata() or ():
        if key != _DETAILS_KEY:
            continue
        details = status_pb2.StatusDetails()
        try:
            details.ParseFromString(value)
            for detail in details.details:
                failure = status_pb2.Failure()
                if detail.Is(status_pb2.Failure.DESCRIPTOR) and detail.Unpack(failure):
                    reason = failure.reason if _REASON.fullmatch(failure.reason) else ""
                    known = _REQUEST_ID.fullmatch(failure.request_id)
                    return reason, harmless(failure.hint), failure.request_id if known else ""
        except DecodeError:
            return "", "", ""
    return "", "", ""


def from_rpc(error: grpc.RpcError, address: str, request_id: str = "") -> errors.PlumbError:
    """The exception that callers of this package see for a failed call to `address`."""
    code = error.code().name.lower() if error.code() else "unknown"
    message = harmless(error.details() or "no text")
    reason, hint, told = failure_of(error)
    kind: type[errors.PlumbError] = errors.PlumbError
    if reason in _NO_BOARD:
        kind = errors.NoBoard
    elif code in ("unauthenticated", "permission_denied"):
        kind = errors.AccessDenied
    elif not reason and code in _LINK_CODES:
        kind = errors.ServerUnreachable
        reason = "server_lost"
        message = "the connection to the server at %s broke: %s" % (address, message)
        hint = "is plumb-server running there? see its log; PLUMB_SERVER names another one"
    elif code == "unimplemented":
        hint = hint or "this server is older than this package: update it"
    return kind(message, code=code, reason=reason, hint=hint, request_id=told or request_id)
