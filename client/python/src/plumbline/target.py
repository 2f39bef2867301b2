"""Running models on one board, or on any that fits."""

from __future__ import annotations

import typing

from plumbline.errors import Mismatch, NotCompared
from plumbline.report import Report
from plumbline.run import Run

if typing.TYPE_CHECKING:
    from plumbline._upload import Source
    from plumbline.client import Client


class BoardTarget:
    """Where models run: a board by name, or any by tags. Made by `Client.board` and `Client.reserve`.

    name         the board's name, or the tags
    last_report  of the run that ended last; None: none did
    """

    def __init__(self, client: Client, words: typing.Sequence[str], owner: str) -> None:
        self._client = client
        self._words = list(words)
        self.name = " ".join(words) or "any board"
        self.owner = owner
        self.last_report: typing.Optional[Report] = None

    def __repr__(self) -> str:
        return "<plumbline.%s %s for %s>" % (type(self).__name__, self.name, self.owner)

    def start(self, model: Source, inputs: typing.Any, **options: typing.Any) -> Run:
        """`Client.run` here. ReservationLost where the board was reserved and no longer is."""
        self._check()
        options.setdefault("owner", self.owner)
        return self._client.run(model, inputs, board=self._words, **options)

    def run(self, model: Source, inputs: typing.Any, **options: typing.Any) -> Report:
        """The same to its end. A mismatch is a report like another. PlumbError."""
        self.last_report = None
        self.last_report = self.start(model, inputs, **options).result()
        return self.last_report

    def assert_matches(self, model: Source, inputs: typing.Any, **options: typing.Any) -> Report:
        """The report of a run that matched.

        `Mismatch`, an AssertionError with the whole comparison in its text, where the board computed
        something else; `NotCompared`, no AssertionError, where the run came to no verdict.
        """
        __tracebackhide__ = True
        return require_match(self.run(model, inputs, **options))

    def _check(self) -> None:
        """Raises where nothing may be started (any more)."""


def require_match(report: Report) -> Report:
    """`report` itself where it matches; `Mismatch` or `NotCompared` otherwise."""
    __tracebackhide__ = True
    if report.verdict == "mismatch":
        raise Mismatch(report)
    if not report.matches:
        raise NotCompared(report)
    return report
