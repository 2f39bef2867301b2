"""A board for oneself: reserved, kept by a thread of its own, given back at the end."""

from __future__ import annotations

import contextlib
import threading
import time
import types
import typing

from plumbline.boards import Reservation
from plumbline.errors import PlumbError, ReservationLost, ServerUnreachable
from plumbline.target import BoardTarget

if typing.TYPE_CHECKING:
    from plumbline.client import Client


class ReservedBoard(BoardTarget):
    """A board that nobody else's run is started on. A context manager that releases at its end.

    A thread renews the reservation; when this process dies the board is free `seconds` later.
    """

    def __init__(self, client: Client, reservation: Reservation, seconds: float) -> None:
        super().__init__(client, [reservation.board], reservation.owner)
        self._seconds = seconds
        self._over = threading.Event()
        self._lost: typing.Optional[PlumbError] = None
        self.reservation = reservation
        self._thread = threading.Thread(target=self._keep, name="plumbline-keep-" + self.name, daemon=True)
        self._thread.start()

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

    def _check(self) -> None:
        if not self.held:
            why = self._lost.message if self._lost else "it was released"
            raise ReservationLost(
                "board %s is no longer reserved: %s" % (self.name, why), code="failed_precondition", reason="lease_lost"
            )

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
