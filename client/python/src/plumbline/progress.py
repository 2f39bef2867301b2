"""What is known of a run while it goes on, added up from what the server tells."""

from __future__ import annotations

import dataclasses
import typing

from plumbline._text import harmless
from plumbline._wire import run_pb2
from plumbline.errors import ProtocolError

_MAX_TENSORS = 256
_STATES = {
    run_pb2.RUN_STATE_QUEUED: "queued",
    run_pb2.RUN_STATE_PREPARING: "preparing",
    run_pb2.RUN_STATE_RUNNING: "running",
    run_pb2.RUN_STATE_JUDGING: "judging",
    run_pb2.RUN_STATE_FINISHED: "finished",
}
_VERDICTS = {
    run_pb2.VERDICT_UNSPECIFIED: "",
    run_pb2.VERDICT_MATCH: "match",
    run_pb2.VERDICT_MISMATCH: "mismatch",
    run_pb2.VERDICT_NOT_COMPARED: "not_compared",
}


@dataclasses.dataclass(frozen=True)
class TensorProgress:
    """One output. Numbers are of the elements compared so far; None: not defined (yet)."""

    index: int
    name: str = ""
    board_bytes: int = 0
    board_size: int = 0
    compared: int = 0
    total: int = 0
    different_elements: int = 0
    cosine: typing.Optional[float] = None
    rel_l1: typing.Optional[float] = None
    rmse: typing.Optional[float] = None
    max_abs_error: typing.Optional[float] = None
    max_lsb_error: typing.Optional[float] = None
    first_difference_index: typing.Optional[int] = None
    verdict: str = ""
    reason: str = ""


@dataclasses.dataclass(frozen=True)
class Progress:
    """Everything known of a run at one moment. `verdict` is "" until the state is "finished"."""

    run_id: str = ""
    state: str = "queued"
    board: str = ""
    attempt: int = 0
    verdict: str = ""
    exit_code: int = 0
    tensors: tuple[TensorProgress, ...] = ()
    note: str = ""

    @property
    def finished(self) -> bool:
        """The last one of a run."""
        return self.state == "finished"


def _known(words: typing.Mapping[typing.Any, str], value: typing.Any, what: str) -> str:
    if value not in words:
        raise ProtocolError("%s %s is not known to this package" % (what, value))
    return words[value]


class ProgressFold:
    """Adds events up. ProtocolError for what no server of this protocol sends."""

    def __init__(self) -> None:
        self._run = Progress()
        self._tensors: dict[int, TensorProgress] = {}

    def add(self, event: run_pb2.RunEvent) -> Progress:
        """The state with this event. A newer server's events are passed over."""
        kind = event.WhichOneof("event")
        if kind == "snapshot":
            self._add_snapshot(event.snapshot)
        elif kind == "run":
            self._add_run(event.run)
        elif kind == "model" and event.model.role == run_pb2.ROLE_TARGET:
            self._add_model(event.model.model.outputs)
        elif kind == "progress":
            self._add_bytes(event.progress)
        elif kind == "tensor":
            self._add_comparison(event.tensor)
        elif kind == "note":
            self._run = dataclasses.replace(self._run, note=harmless(event.note.text))
        return self.current()

    def current(self) -> Progress:
        """The state so far, tensors by index."""
        return dataclasses.replace(self._run, tensors=tuple(self._tensors[i] for i in sorted(self._tensors)))

    def _change(self, index: int, **values: typing.Any) -> None:
        if index >= _MAX_TENSORS:
            raise ProtocolError("the index %d of an output is too large" % index)
        self._tensors[index] = dataclasses.replace(self._tensors.get(index, TensorProgress(index)), **values)

    def _add_snapshot(self, snapshot: run_pb2.RunSnapshot) -> None:
        self._add_run(snapshot.run)
        self._add_model(snapshot.target_model.outputs)
        for progress in snapshot.progress:
            self._add_bytes(progress)
        for tensor in snapshot.tensors:
            self._add_comparison(tensor)

    def _add_run(self, run: run_pb2.RunSummary) -> None:
        self._run = dataclasses.replace(
            self._run,
            run_id=harmless(run.run_id),
            state=_known(_STATES, run.state, "run.state"),
            board=harmless(run.board_name),
            attempt=run.attempt,
            verdict=_known(_VERDICTS, run.verdict, "run.verdict"),
            exit_code=run.exit_code,
        )

    def _add_model(self, outputs: typing.Any) -> None:
        for index, output in enumerate(outputs):
            self._change(index, name=harmless(output.name), board_size=output.aligned_size)

    def _add_bytes(self, wire: run_pb2.TensorProgress) -> None:
        if wire.role == run_pb2.ROLE_TARGET:
            self._change(wire.index, board_bytes=wire.received, board_size=wire.total)

    def _add_comparison(self, wire: run_pb2.TensorComparison) -> None:
        self._change(
            wire.index,
            name=harmless(wire.name),
            compared=wire.count,
            total=wire.total,
            different_elements=wire.different_elements,
            cosine=_given(wire, "cosine"),
            rel_l1=_given(wire, "rel_l1"),
            rmse=_given(wire, "rmse"),
            max_abs_error=_given(wire, "max_abs_error"),
            max_lsb_error=_given(wire, "max_lsb_error"),
            first_difference_index=_given(wire, "first_difference_index"),
            verdict=_known(_VERDICTS, wire.verdict, "tensor.verdict"),
            reason=harmless(wire.reason),
        )


def _given(wire: run_pb2.TensorComparison, field: str) -> typing.Any:
    return getattr(wire, field) if wire.HasField(field) else None
