"""A board for oneself: reserved, kept by a thread of its own, given back at the end."""

from __future__ import annotations

import contextlib
import threading
import time
import types
import typing

from plumbline.boards import Reservation
from plumbline.errors import Mismatch, NotCompared, PlumbError, ReservationLost, ServerUnreachable
from plumbline.report import Report
from plumbline.run import Run

if typing.TYPE_CHECKING:
    from plumbline._upload import Source
    from plumbline.client import Client


class ReservedBoard:
    """A board that nobody else's run is started on. A context manager that releases at its end.

    A thread renews the reservation; when this process dies the board is free `seconds` later.
    """

    def __init__(self, client: Client, reservation: Reservation, seconds: float) -> None:
        self._client = client
        self._seconds = seconds
        self._over = threading.Event()
        self._lost: typing.Optional[PlumbError] = None
        self.reservation = reservation
        self.name = reservation.board
        self.owner = reservation.owner
        self._thread = threading.Thread(target=self._keep, name="plumbline-keep-" + self.name, daemon=True)
        self._thread.start()

    def __repr__(self) -> str:
        return "<plumbline.ReservedBoard %s for %s>" % (self.name, self.owner)

    def __enter__(self) -> ReservedBoard:
        return self

    def __exit__(
        self,
        kind: typing.Optional[type[BaseException]],
        error: typing.Optional[BaseException],
        trace: typing.Optional[types.TracebackType],
    ) -> None:
        # What happened inside matters more than a board that is free soon by itself.
        with contextlib.suppress(PlumbError):
            self.release()

    @property
    def held(self) -> bool:
        """Still ours, as far as this process knows."""
        return self._lost is None and not self._over.is_set()

    def release(self) -> None:
        """Gives the board back; again: nothing. A board that was lost is no error here."""
        if self._over.is_set():
            return
        self._over.set()
        self._thread.join()
        if self._lost is None:
            self._client.end_reservation(self.reservation.id, owner=self.owner)

    def start(self, model: Source, inputs: typing.Any, **options: typing.Any) -> Run:
        """`Client.run` on this board. ReservationLost where it is no longer ours."""
        if not self.held:
            why = self._lost.message if self._lost else "it was released"
            raise ReservationLost(
                "board %s is no longer reserved: %s" % (self.name, why), code="failed_precondition", reason="lease_lost"
            )
        options.setdefault("owner", self.owner)
        return self._client.run(model, inputs, board=self.name, **options)

    def run(self, model: Source, inputs: typing.Any, **options: typing.Any) -> Report:
        """The same to its end. A mismatch is a report like another. PlumbError."""
        return self.start(model, inputs, **options).result()

    def assert_matches(self, model: Source, inputs: typing.Any, **options: typing.Any) -> Report:
        """The report of a run that matched.

        `Mismatch`, an AssertionError with the whole comparison in its text, where the board computed
        something else; `NotCompared`, no AssertionError, where the run came to no verdict.
        """
        __tracebackhide__ = True
        return require_match(self.run(model, inputs, **options))

    def _keep(self) -> None:
        ends = time.monotonic() + self._seconds
        while not self._over.wait(self._seconds / 3):
            try:
                asked = time.monotonic()
                self._client.extend_reservation(
                    self.reservation.id, self._seconds, owner=self.owner, timeout=self._seconds / 3
                )
                ends = asked + self._seconds
            except ServerUnreachable as error:
                # One that cannot be reached for a moment may be there in time.
                if time.monotonic() >= ends:
                    self._lost = error
                    return
            except PlumbError as error:
                self._lost = error
                return


def require_match(report: Report) -> Report:
    """`report` itself where it matches; `Mismatch` or `NotCompared` otherwise."""
    __tracebackhide__ = True
    if report.verdict == "mismatch":
        raise Mismatch(report)
    if not report.matches:
        raise NotCompared(report)
    return report
