"""Limits that replace equality (docs/metrics.md)."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import typing

from plumbline._text import is_name
from plumbline._wire import run_pb2
from plumbline.errors import UsageError

_MAX_FILE = 1 << 20
_KEYS = ("atol", "rtol", "min_cosine", "max_rel_l1")


@dataclasses.dataclass(frozen=True)
class Tolerance:
    """Those given must all hold; nothing given demands equality.

    atol, rtol   |target - reference| <= atol + rtol * |reference|, element by element
    min_cosine   smallest cosine similarity, -1 to 1
    max_rel_l1   largest sum |r - t| / sum |r|
    per_tensor   limits of single outputs by name; they replace the others as a whole
    """

    atol: typing.Optional[float] = None
    rtol: typing.Optional[float] = None
    min_cosine: typing.Optional[float] = None
    max_rel_l1: typing.Optional[float] = None
    per_tensor: typing.Mapping[str, Tolerance] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        for key in _KEYS:
            value = getattr(self, key)
            if value is None:
                continue
            lowest, highest = (-1.0, 1.0) if key == "min_cosine" else (0.0, math.inf)
            if not isinstance(value, (int, float)) or not math.isfinite(value) or not lowest <= value <= highest:
                raise UsageError("%s is %r" % (key, value), "write a finite number of at least %g" % lowest)
        for name, limits in self.per_tensor.items():
            if not is_name(name) or limits.per_tensor:
                raise UsageError("per_tensor: %r is no output with limits of its own" % name)

    @classmethod
    def from_file(cls, path: typing.Union[str, os.PathLike[str]]) -> Tolerance:
        """As --tolerance takes it: {"default": {"min_cosine": 0.99}, "tensors": {"scores": {"atol": 0.5}}}."""
        try:
            with open(path, encoding="utf-8") as file:
                document = json.loads(file.read(_MAX_FILE))
        except (OSError, ValueError) as error:
            raise UsageError("the tolerance file '%s' cannot be read: %s" % (os.fspath(path), error)) from error
        try:
            unknown = set(document) - {"default", "tensors"}
            if unknown:
                raise TypeError("unknown keys: " + ", ".join(sorted(unknown)))
            each = {name: cls(**limits) for name, limits in document.get("tensors", {}).items()}
            return cls(**document.get("default", {}), per_tensor=each)
        except (TypeError, AttributeError) as error:
            raise UsageError(
                "the tolerance file '%s' is not one: %s" % (os.fspath(path), error),
                'write e.g. {"default": {"min_cosine": 0.99}, "tensors": {"scores": {"atol": 0.5}}}',
            ) from error

    def _limits(self) -> run_pb2.ToleranceLimits:
        return run_pb2.ToleranceLimits(**{key: getattr(self, key) for key in _KEYS if getattr(self, key) is not None})

    def to_wire(self) -> run_pb2.Tolerance:
        """As StartRun takes it."""
        named = [
            run_pb2.NamedTolerance(tensor=name, limits=limits._limits()) for name, limits in self.per_tensor.items()
        ]
        return run_pb2.Tolerance(defaults=self._limits(), per_tensor=named)
