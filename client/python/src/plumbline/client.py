"""A connection to plumb-server."""

from __future__ import annotations

import re
import secrets
import time
import types
import typing

from plumbline import _settings
from plumbline._channel import CALL_TIMEOUT, Connection
from plumbline._text import harmless, is_name
from plumbline._upload import Source, ensure, name_of
from plumbline._wire import farm_service_pb2, run_pb2, run_service_pb2
from plumbline.boards import Board, Reservation
from plumbline.errors import NoBoard, PlumbError, ProtocolError, UsageError
from plumbline.options import RunOptions, Selector, words_of
from plumbline.progress import Progress, ProgressFold
from plumbline.report import Report
from plumbline.reservation import ReservedBoard
from plumbline.run import Run
from plumbline.target import BoardTarget

_RUN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MAX_INPUTS = 256
_LONGEST_RESERVATION = 31 * 86_400.0
_ASK_AGAIN = 1.0


def connect(
    address: typing.Optional[str] = None,
    *,
    token: typing.Optional[str] = None,
    token_file: typing.Optional[str] = None,
    ca: typing.Optional[str] = None,
    cert: typing.Optional[str] = None,
    key: typing.Optional[str] = None,
    server_name: typing.Optional[str] = None,
    owner: typing.Optional[str] = None,
    allow_insecure: bool = False,
    timeout: float = 5.0,
) -> Client:
    """A client, once the server answers; at most `timeout` seconds.

    address      "host:port", "[v6]:port" or "unix:/path"; None: PLUMB_SERVER
    token        what `plumb token add` printed; or the file with it (mode 600), None: PLUMB_TOKEN_FILE
    ca cert key  PEM files of TLS; None: PLUMB_TLS_CA, PLUMB_TLS_CERT, PLUMB_TLS_KEY
    server_name  the name in the server's certificate, if it is not the host; None: PLUMB_TLS_SERVER_NAME
    owner        in whose name, where no token or certificate says it; None: PLUMB_OWNER, else the login

    An empty string is "none", whatever the environment says. UsageError, ServerUnreachable,
    AccessDenied. What is neither loopback nor a unix socket is dialled with TLS only, unless
    `allow_insecure`; a token is never sent over an unencrypted network.
    """
    settings = _settings.load(address, token, token_file, ca, cert, key, server_name, owner, allow_insecure)
    connection = Connection(settings)
    try:
        connection.greet(timeout)
    except BaseException:
        connection.close()
        raise
    return Client(connection)


class Client:
    """One connection, made by `connect`; a context manager that closes. Thread-safe; calls block.

    Every method raises PlumbError: ServerUnreachable when the server is lost, AccessDenied, or one
    with the server's own code, reason and hint.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: typing.Optional[type[BaseException]],
        error: typing.Optional[BaseException],
        trace: typing.Optional[types.TracebackType],
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection. Runs go on; reservations end when nobody renews them."""
        self._connection.close()

    @property
    def address(self) -> str:
        """Where the server is."""
        return self._connection.settings.address

    @property
    def owner(self) -> str:
        """In whose name, unless a token or certificate says it."""
        return self._connection.settings.owner

    @property
    def server_version(self) -> str:
        """The server's own version, for people."""
        return harmless(self._connection.server_version)

    def boards(self) -> list[Board]:
        """All boards, by name."""
        response = self._connection.call(self._connection.runs.ListBoards, run_service_pb2.ListBoardsRequest())
        return [Board.from_wire(board) for board in response.boards]

    def runs(self, limit: int = 100) -> list[Progress]:
        """Runs in one line each, newest first, at most 1000."""
        request = run_service_pb2.ListRunsRequest(max_count=limit)
        response = self._connection.call(self._connection.runs.ListRuns, request)
        return [ProgressFold().add(run_pb2.RunEvent(run=run)) for run in response.runs]

    def attach(self, run_id: str) -> Run:
        """A run that somebody started, under way or finished."""
        return Run(self._connection, run_id)

    def report(self, run_id: str) -> Report:
        """The report of a finished run."""
        return Report.from_json(self.attach(run_id).report_json(), run_id)

    def run(self, model: Source, inputs: typing.Any, **options: typing.Any) -> Run:
        """Uploads what the server lacks and starts a run. Returns at once; `Run.result()` waits.

        model    the offline model: a path, or its bytes
        inputs   one for each input of the model: the bytes of its input buffer (`plumb input make`), as
                 a path, bytes or a contiguous array; a single one need not be in a list
        options  as RunOptions has them: board, simulator, reference_run, tolerance, repeat, probe,
                 invoke_timeout, deadline, owner, priority, attempts, wait

        NoBoard where none that fits is connected, unless `wait`.
        """
        wanted = RunOptions.make(options)
        sources = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        if not 1 <= len(sources) <= _MAX_INPUTS:
            raise UsageError("a run takes 1 to %d inputs, not %d" % (_MAX_INPUTS, len(sources)))
        artifacts = [ensure(self._connection, model, "the model")]
        artifacts += [ensure(self._connection, source, "input %d" % i) for i, source in enumerate(sources)]
        request_id = secrets.token_hex(16)
        request = wanted.to_wire(request_id, artifacts[0], artifacts[1:], self.owner)
        request.model_name = harmless(name_of(model, artifacts[0].sha256), 80)
        request.input_names.extend(harmless(name_of(source, "bytes"), 80) for source in sources)
        answer = self._connection.call(self._connection.runs.StartRun, request, request_id=request_id)
        if not _RUN_ID.fullmatch(answer.run_id):
            raise ProtocolError("the server calls the run %r" % harmless(answer.run_id, 80))
        return Run(self._connection, answer.run_id)

    def board(
        self, board: typing.Optional[Selector] = None, *, owner: typing.Optional[str] = None
    ) -> BoardTarget:
        """A board by name, or any that has all the tags, without reserving it. None: as `reserve`."""
        return BoardTarget(self, words_of(board), self.owner if owner is None else owner)

    def reserve(
        self,
        board: typing.Optional[Selector] = None,
        *,
        seconds: float = 30.0,
        owner: typing.Optional[str] = None,
        note: str = "",
        wait: float = 0.0,
    ) -> ReservedBoard:
        """A board for oneself, until it is released or this process dies.

        board    a name, or tags that must all fit; None: PLUMB_BOARD, else any board
        seconds  how soon it is free after this process died; it is renewed as long as it lives
        wait     for so many seconds when none is free

        NoBoard where none that fits is connected and unreserved.
        """
        if not 0.5 <= seconds <= _LONGEST_RESERVATION:
            raise UsageError("seconds is %r" % seconds, "it must be from 0.5 to 31 days")
        name = self.owner if owner is None else owner
        if not is_name(name):
            raise UsageError("owner is no name: 1 to 255 bytes without control characters")
        request = farm_service_pb2.ReserveBoardRequest(
            board=words_of(board), owner=name, note=note, length_ms=round(seconds * 1000)
        )
        reservation = self._reserve(request, time.monotonic() + wait)
        return ReservedBoard(self, reservation, seconds)

    def _reserve(self, request: farm_service_pb2.ReserveBoardRequest, until: float) -> Reservation:
        while True:
            try:
                answer = self._connection.call(self._connection.farm.ReserveBoard, request)
                return Reservation.from_wire(answer.reservation)
            except PlumbError as error:
                faster = error.code == "aborted"  # somebody else's reservation
                left = until - time.monotonic()
                if not faster and (not isinstance(error, NoBoard) or left <= 0):
                    raise
                if not faster:
                    time.sleep(min(_ASK_AGAIN, left))

    def reservations(self) -> list[Reservation]:
        """Those that hold and those to come, by start."""
        request = farm_service_pb2.ListReservationsRequest()
        response = self._connection.call(self._connection.farm.ListReservations, request)
        return [Reservation.from_wire(reservation) for reservation in response.reservations]

    def extend_reservation(
        self,
        reservation_id: str,
        seconds: float,
        *,
        owner: typing.Optional[str] = None,
        timeout: float = CALL_TIMEOUT,
    ) -> Reservation:
        """Makes it end `seconds` from now. Reason "reservation_not_found" when it is over."""
        request = farm_service_pb2.ExtendReservationRequest(
            id=reservation_id, owner=self.owner if owner is None else owner, length_ms=max(1, round(seconds * 1000))
        )
        answer = self._connection.call(self._connection.farm.ExtendReservation, request, timeout=timeout)
        return Reservation.from_wire(answer.reservation)

    def end_reservation(
        self, reservation_id: str, *, owner: typing.Optional[str] = None, force: bool = False
    ) -> None:
        """Ends it now; with `force` whoever has it, for administrators."""
        request = farm_service_pb2.EndReservationRequest(
            id=reservation_id, owner=self.owner if owner is None else owner, force=force
        )
        self._connection.call(self._connection.farm.EndReservation, request)
