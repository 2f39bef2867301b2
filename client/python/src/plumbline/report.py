"""The result of a run: plumb.comparison/1 (docs/cli.md) with names, and as text."""

from __future__ import annotations

import dataclasses
import json
import typing

from plumbline._text import harmless, table
from plumbline.errors import ProtocolError

SCHEMA = "plumb.comparison/1"
VERDICTS = ("match", "mismatch", "not_compared")

Number = typing.Optional[float]


@dataclasses.dataclass(frozen=True)
class TensorReport:
    """One output compared; a number that does not exist is None. Formulas: docs/metrics.md.

    Positions are indexes into `shape`, padding left out. The key `raw` has everything else of
    docs/cli.md: histogram, ranges, NaN counts, …
    """

    name: str
    index: int
    element_type: str
    shape: tuple[int, ...]
    count: int
    equal: bool
    different_elements: int
    cosine: Number
    rel_l1: Number
    rmse: Number
    nrmse: Number
    sqnr_db: Number
    max_abs_error: Number
    max_lsb_error: Number
    first_difference_index: typing.Optional[tuple[int, ...]]
    first_difference_reference: Number
    first_difference_target: Number
    verdict: str
    rule: str
    reason: str
    raw: typing.Mapping[str, typing.Any] = dataclasses.field(repr=False, compare=False)

    @property
    def first_difference(self) -> str:
        """"first difference at [0,3]: reference 1.5, target 1.25", or ""."""
        if self.first_difference_index is None:
            return ""
        return "first difference at %s: reference %s, target %s" % (
            _position(self.first_difference_index),
            _general(self.first_difference_reference, 9),
            _general(self.first_difference_target, 9),
        )


@dataclasses.dataclass(frozen=True)
class Diagnosis:
    """A cause that was found (docs/cli.md has the words). confidence 1: it explains every element."""

    cause: str
    tensor: str
    evidence: str
    confidence: float
    advice: str


@dataclasses.dataclass(frozen=True)
class ReportError:
    """Why a run could not be judged."""

    code: str
    message: str
    hint: str


class Report:
    """What a finished run came to. True where the board and the reference match.

    verdict    "match", "mismatch" or "not_compared"
    exit_code  what `plumb run` would end with
    """

    def __init__(self, document: typing.Mapping[str, typing.Any], run_id: str = "") -> None:
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            raise ProtocolError("the report is no " + SCHEMA)
        self._document = document
        self.run_id = run_id
        try:
            self._read(document)
        except (KeyError, TypeError, ValueError) as error:
            raise ProtocolError("the report is not as docs/cli.md has it: %r" % (error,)) from error

    @classmethod
    def from_json(cls, text: typing.Union[str, bytes], run_id: str = "") -> Report:
        """From what `plumb run --json` or the server wrote. ProtocolError for anything else."""
        try:
            return cls(json.loads(text), run_id)
        except ValueError as error:
            raise ProtocolError("the report is no JSON: %s" % error) from error

    def _read(self, document: typing.Mapping[str, typing.Any]) -> None:
        self.verdict = str(document["verdict"])
        if self.verdict not in VERDICTS:
            raise ValueError("verdict " + self.verdict)
        self.exit_code = int(document["exit_code"])
        error = document["error"]
        self.error = ReportError(_text(error, "code"), _text(error, "message"), _text(error, "hint")) if error else None
        self.reference = _text(document["reference"], "source")
        self.target = _text(document["target"], "source")
        self.tensors = tuple(_tensor(tensor) for tensor in document["tensors"])
        self.diagnosis = tuple(
            Diagnosis(
                _text(found, "cause"),
                _text(found, "tensor"),
                _text(found, "evidence"),
                float(found["confidence"]),
                _text(found, "advice"),
            )
            for found in document["diagnosis"]
        )
        self.notes = tuple(harmless(note) for note in document["notes"])
        self.missing_in_target = tuple(harmless(name) for name in document["coverage"]["missing_in_target"])
        self.missing_in_reference = tuple(harmless(name) for name in document["coverage"]["missing_in_reference"])
        self.timing: dict[str, Number] = dict(document["timing"])
        self.board = _text(document["identity"], "board")
        self.sdk = _text(document["identity"], "sdk")

    @property
    def matches(self) -> bool:
        """Every output is equal, or within the tolerance."""
        return self.verdict == "match"

    def __bool__(self) -> bool:
        return self.matches

    @property
    def cause(self) -> str:
        """The likeliest cause, else the code of the error, else ""."""
        if self.diagnosis:
            return self.diagnosis[0].cause
        return self.error.code if self.error else ""

    def tensor(self, name: str) -> TensorReport:
        """The output of that name. KeyError."""
        for tensor in self.tensors:
            if tensor.name == name:
                return tensor
        raise KeyError(name)

    def to_dict(self) -> dict[str, typing.Any]:
        """A copy of the whole document, for json.dump: `plumb report` reads it."""
        copy: dict[str, typing.Any] = json.loads(json.dumps(self._document))
        return copy

    def summary(self) -> str:
        """One line: "mismatch (0 of 2 tensors match): stale_output"."""
        text = self.verdict
        if self.error is None:
            matching = sum(tensor.verdict == "match" for tensor in self.tensors)
            text += " (%d of %d tensors match" % (matching, len(self.tensors))
            if self.matches:
                equal = all(tensor.equal for tensor in self.tensors)
                text += ", every valid element is equal" if equal else ", within the tolerance"
            text += ")"
        return text + (": " + self.cause if self.cause else "")

    def __repr__(self) -> str:
        return "<plumbline.Report %s of %s>" % (self.summary(), self.target or "no board")

    def __str__(self) -> str:
        lines = ["reference  " + self.reference, "target     " + self.target]
        lines += self._table() + self._differences() + self._diagnosis()
        lines += ["note: " + note for note in self.notes]
        if self.error:
            lines += ["", "error: %s: %s" % (self.error.code, self.error.message)]
            lines += ["  hint: " + self.error.hint] if self.error.hint else []
        lines += ["", "verdict: " + self.summary()]
        if self.run_id:
            lines.append("run: " + self.run_id)
        return "\n".join(lines)

    def _table(self) -> list[str]:
        if not self.tensors:
            return []
        header = ("tensor", "type", "elements", "different", "max LSB", "max |d|", "cosine", "rel_l1", "verdict")
        rows = [
            (
                tensor.name,
                "%s[%s]" % (tensor.element_type, "x".join(map(str, tensor.shape))),
                str(tensor.count),
                str(tensor.different_elements),
                _general(tensor.max_lsb_error, 4),
                _general(tensor.max_abs_error, 4),
                "-" if tensor.cosine is None else "%.6f" % tensor.cosine,
                _general(tensor.rel_l1, 3),
                tensor.verdict,
            )
            for tensor in self.tensors
        ]
        return [""] + table(header, rows, right="llrrrrrrl")

    def _differences(self) -> list[str]:
        lines = []
        for tensor in self.tensors:
            if tensor.verdict == "mismatch":
                told = [text for text in (tensor.first_difference, tensor.reason) if text]
                lines += ["  %s: %s" % (tensor.name, text) for text in told]
        for side, names in (("target", self.missing_in_target), ("reference", self.missing_in_reference)):
            if names:
                lines.append("  missing in %s: %s" % (side, ", ".join(names)))
        return lines

    def _diagnosis(self) -> list[str]:
        lines = ["", "diagnosis"] if self.diagnosis else []
        for found in self.diagnosis:
            where = " in " + found.tensor if found.tensor else ""
            lines.append("  %s%s  confidence %.2f" % (found.cause, where, found.confidence))
            lines.append("    " + found.evidence)
            if found.advice:
                lines.append("    -> " + found.advice)
        return lines


def _text(json_object: typing.Mapping[str, typing.Any], key: str) -> str:
    value = json_object.get(key)
    return harmless(value) if isinstance(value, str) else ""


def _number(json_object: typing.Mapping[str, typing.Any], key: str) -> Number:
    value = json_object.get(key)
    return float(value) if isinstance(value, (int, float)) else None


def _tensor(json_object: typing.Mapping[str, typing.Any]) -> TensorReport:
    first = json_object.get("first_difference_index")
    return TensorReport(
        name=_text(json_object, "name"),
        index=int(json_object["index"]),
        element_type=_text(json_object, "element_type"),
        shape=tuple(int(dim) for dim in json_object["shape"]),
        count=int(json_object["count"]),
        equal=bool(json_object["equal"]),
        different_elements=int(json_object["different_elements"]),
        cosine=_number(json_object, "cosine"),
        rel_l1=_number(json_object, "rel_l1"),
        rmse=_number(json_object, "rmse"),
        nrmse=_number(json_object, "nrmse"),
        sqnr_db=_number(json_object, "sqnr_db"),
        max_abs_error=_number(json_object, "max_abs_error"),
        max_lsb_error=_number(json_object, "max_lsb_error"),
        first_difference_index=None if first is None else tuple(int(i) for i in first),
        first_difference_reference=_number(json_object, "first_difference_reference"),
        first_difference_target=_number(json_object, "first_difference_target"),
        verdict=_text(json_object, "verdict"),
        rule=_text(json_object, "rule"),
        reason=_text(json_object, "reason"),
        raw=json_object,
    )


def _general(value: Number, digits: int) -> str:
    return "-" if value is None else "%.*g" % (digits, value)


def _position(index: tuple[int, ...]) -> str:
    return "[%s]" % ",".join(map(str, index))
