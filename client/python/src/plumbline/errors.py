"""What can go wrong, as exceptions with the server's own code, reason and hint.

A board that computes something else than the simulator is no such error: that is a Report with the
verdict "mismatch", or the AssertionError `Mismatch` where an assertion was asked for.
"""

from __future__ import annotations

import typing

if typing.TYPE_CHECKING:
    from plumbline.report import Report


class PlumbError(Exception):
    """Anything that this package raises on purpose, but for `Mismatch`.

    code        gRPC's name of the kind of error in lower case: "not_found", "unavailable", …
    reason      a stable word for scripts: "board_not_found", "token_expired", …; may be empty
    hint        how to mend it, for people; may be empty
    request_id  by which the server's log has it; of a run without an answer what it was asked for under; else empty
    """

    def __init__(
        self, message: str, *, code: str = "unknown", reason: str = "", hint: str = "", request_id: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.reason = reason
        self.hint = hint
        self.request_id = request_id

    def __str__(self) -> str:
        kind = self.reason or self.code
        text = "%s: %s" % (kind, self.message)
        if self.request_id:
            text += " [request %s]" % self.request_id
        if self.hint:
            text += "\n  hint: %s" % self.hint
        return text


class UsageError(PlumbError, ValueError):
    """What was asked for cannot be asked for: a wrong argument, an unreadable file."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, code="invalid_argument", reason="usage", hint=hint)


class ServerUnreachable(PlumbError):
    """No server answers at the address, or the connection broke (reason "server_lost")."""


class AccessDenied(PlumbError):
    """The server does not let us: no token, an expired one, a role that is too low, …"""


class NoBoard(PlumbError):
    """No board that fits: none is connected ("board_not_found") or all are taken ("board_busy")."""


class ReservationLost(PlumbError):
    """The board is no longer ours: somebody released it, or it could not be renewed in time."""


class ProtocolError(PlumbError):
    """The server said what no server of this protocol says."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="invalid_argument", reason="protocol_error")


class NotCompared(PlumbError):
    """A run ended without a verdict: the board died, the link broke, nothing could be compared.

    `report` holds all that is known.
    """

    def __init__(self, report: Report) -> None:
        error = report.error
        super().__init__(
            "%s on %s\n%s" % (report.summary(), report.target or "no board", report),
            code=error.code if error else "not_compared",
            reason=error.code if error else "not_compared",
            hint=error.hint if error else "",
        )
        self.report = report

    def __str__(self) -> str:
        return self.message


class Mismatch(AssertionError):
    """The board computed something else than the reference. The text is the whole comparison."""

    def __init__(self, report: Report) -> None:
        super().__init__("%s on %s\n%s" % (report.summary(), report.target, report))
        self.report = report
