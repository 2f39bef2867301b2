"""Plumbline's Python client: boards, runs and verdicts of a plumb-server (docs/python.md).

    import plumbline

    with plumbline.connect("unix:/run/plumb.sock") as client:
        with client.reserve("S6") as board:
            report = board.run("net.img", "picture.bin")
    print(report.verdict, report.cause)
    print(report)                                   # the comparison as a table
"""

from plumbline._version import __version__
from plumbline.boards import Board, Reservation
from plumbline.client import Client, connect
from plumbline.errors import (
    AccessDenied,
    Mismatch,
    NoBoard,
    NotCompared,
    PlumbError,
    ProtocolError,
    ReservationLost,
    ServerUnreachable,
    UsageError,
)
from plumbline.options import RunOptions
from plumbline.progress import Progress, TensorProgress
from plumbline.report import Diagnosis, Report, TensorReport
from plumbline.reservation import ReservedBoard
from plumbline.run import Run
from plumbline.target import BoardTarget, require_match
from plumbline.tolerance import Tolerance

__all__ = [
    "AccessDenied",
    "Board",
    "BoardTarget",
    "Client",
    "Diagnosis",
    "Mismatch",
    "NoBoard",
    "NotCompared",
    "PlumbError",
    "Progress",
    "ProtocolError",
    "Report",
    "Reservation",
    "ReservationLost",
    "ReservedBoard",
    "Run",
    "RunOptions",
    "ServerUnreachable",
    "TensorProgress",
    "TensorReport",
    "Tolerance",
    "UsageError",
    "__version__",
    "connect",
    "require_match",
]
