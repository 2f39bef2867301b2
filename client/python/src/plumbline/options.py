"""How a run is to be: the flags of `plumb run`, with the same defaults."""

from __future__ import annotations

import dataclasses
import os
import typing

from plumbline._text import is_name
from plumbline._wire import artifact_pb2, run_pb2, run_service_pb2
from plumbline.errors import UsageError
from plumbline.tolerance import Tolerance

# A board's name, or tags that it must all have.
Selector = typing.Union[str, typing.Sequence[str]]

_SIMULATORS = {
    "builtin": run_pb2.SIMULATOR_KIND_BUILTIN,
    "sgs": run_pb2.SIMULATOR_KIND_SGS,
    "command": run_pb2.SIMULATOR_KIND_COMMAND,
}
_LONGEST = 86_400.0
_MAX_WORDS = 32
_MAX_REPEAT = 10_000


def words_of(board: typing.Optional[Selector]) -> list[str]:
    """A selector as the wire takes it. None: PLUMB_BOARD, else any board."""
    if board is None:
        board = os.environ.get("PLUMB_BOARD", "")
    words = ([board] if board else []) if isinstance(board, str) else list(board)
    if len(words) > _MAX_WORDS or not all(isinstance(word, str) and is_name(word) for word in words):
        raise UsageError("board is %r" % (board,), "give a board's name, or at most %d tags" % _MAX_WORDS)
    return words


@dataclasses.dataclass(frozen=True)
class RunOptions:
    """Times are in seconds.

    board           a name, or tags that must all fit; None: PLUMB_BOARD, else any board
    simulator       what computes the reference: "builtin", "sgs", "command" (docs/simulators.md)
    reference_run   a finished run whose recorded reference is compared with instead
    tolerance       limits that replace equality
    repeat          how often the board invokes, 1 to 10000: it must give the same each time
    probe           one Invoke on zeros first, to tell stale outputs
    invoke_timeout  of one Invoke
    deadline        of the whole run, waiting for a board included
    owner           in whose name; None: the client's
    priority        -1000 to 1000, higher first
    attempts        starts, should boards or servers be lost in the middle
    wait            also while no board that fits is connected
    """

    board: typing.Optional[Selector] = None
    simulator: str = "builtin"
    reference_run: str = ""
    tolerance: typing.Optional[Tolerance] = None
    repeat: int = 1
    probe: bool = True
    invoke_timeout: float = 30.0
    deadline: float = 600.0
    owner: typing.Optional[str] = None
    priority: int = 0
    attempts: int = 1
    wait: bool = False

    def __post_init__(self) -> None:
        words_of(self.board)
        if self.simulator not in _SIMULATORS:
            raise UsageError("there is no simulator %r" % self.simulator, "one of " + ", ".join(_SIMULATORS))
        for name, lowest, highest in (("repeat", 1, _MAX_REPEAT), ("attempts", 1, 100), ("priority", -1000, 1000)):
            value = getattr(self, name)
            if not isinstance(value, int) or not lowest <= value <= highest:
                raise UsageError("%s is %r" % (name, value), "it must be from %d to %d" % (lowest, highest))
        for name in ("invoke_timeout", "deadline"):
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or not 0.001 <= value <= _LONGEST:
                raise UsageError("%s is %r seconds" % (name, value), "it must be from 0.001 to 86400")

    @classmethod
    def make(cls, values: typing.Mapping[str, typing.Any]) -> RunOptions:
        """From keyword arguments. UsageError names one that there is not."""
        known = [field.name for field in dataclasses.fields(cls)]
        for name in values:
            if name not in known:
                raise UsageError("a run has no option '%s'" % name, "one of " + ", ".join(known))
        return cls(**values)

    def to_wire(
        self,
        request_id: str,
        model: artifact_pb2.Artifact,
        inputs: typing.Sequence[artifact_pb2.Artifact],
        owner: str,
    ) -> run_service_pb2.StartRunRequest:
        """As StartRun takes it, but for the names for people."""
        request = run_service_pb2.StartRunRequest(
            request_id=request_id,
            model=model,
            inputs=inputs,
            board=words_of(self.board),
            repetitions=self.repeat,
            probe=self.probe,
            invoke_timeout_ms=round(self.invoke_timeout * 1000),
            deadline_ms=round(self.deadline * 1000),
            tolerance=(self.tolerance or Tolerance()).to_wire(),
            owner=owner if self.owner is None else self.owner,
            priority=self.priority,
            max_attempts=self.attempts,
            wait=self.wait,
        )
        if self.reference_run:
            request.reference_run_id = self.reference_run
        else:
            request.simulator = _SIMULATORS[self.simulator]
        return request
