"""Boards, runs and reservations as a server lists them. Times are seconds since 1970 UTC; 0: none."""

from __future__ import annotations

import dataclasses

from plumbline._text import harmless
from plumbline._wire import farm_service_pb2, run_pb2

_BOARD_STATES = {
    run_pb2.BOARD_STATE_IDLE: "idle",
    run_pb2.BOARD_STATE_PREPARING: "preparing",
    run_pb2.BOARD_STATE_LEASED: "leased",
    run_pb2.BOARD_STATE_QUARANTINED: "quarantined",
    run_pb2.BOARD_STATE_DRAINING: "draining",
}


@dataclasses.dataclass(frozen=True)
class Board:
    """A board as it stands. docs/farm.md tells what the states mean."""

    name: str
    state: str
    tags: tuple[str, ...]
    family: str
    agent_version: str
    run_id: str
    owner: str
    reserved_by: str
    reserved_until: float
    reason: str
    server: str

    @classmethod
    def from_wire(cls, wire: run_pb2.BoardSummary) -> Board:
        """What a server lists is shown, whatever it is; made harmless."""
        return cls(
            name=harmless(wire.name),
            state=_BOARD_STATES.get(wire.state, "offline"),
            tags=tuple(harmless(tag) for tag in wire.tags),
            family=harmless(wire.family),
            agent_version=harmless(wire.agent_version),
            run_id=harmless(wire.current_run_id),
            owner=harmless(wire.owner),
            reserved_by=harmless(wire.reserved_by),
            reserved_until=wire.reserved_until_unix_ms / 1000,
            reason=harmless(wire.reason),
            server=harmless(wire.server),
        )


@dataclasses.dataclass(frozen=True)
class Reservation:
    """A board kept for somebody, by the server's clock."""

    id: str
    board: str
    owner: str
    note: str
    begins: float
    ends: float

    @classmethod
    def from_wire(cls, wire: farm_service_pb2.Reservation) -> Reservation:
        """Likewise."""
        return cls(
            id=harmless(wire.id),
            board=harmless(wire.board),
            owner=harmless(wire.owner),
            note=harmless(wire.note),
            begins=wire.from_unix_ms / 1000,
            ends=wire.until_unix_ms / 1000,
        )
