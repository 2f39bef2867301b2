"""Boards that are reserved from Python: kept, given back, lost."""

import signal
import sys

import plumbline
import pytest
from farm import Process, eventually


def reserved_by(client, name):
    return next(board.reserved_by for board in client.boards() if board.name == name)


def test_it_is_ours_inside_and_free_afterwards(client, face):
    with client.reserve("good", note="bring-up") as board:
        assert (board.name, board.owner, board.held) == ("cam", "ann", True)
        assert reserved_by(client, "cam") == "ann"
        assert [(one.board, one.note) for one in client.reservations()] == [("cam", "bring-up")]
        assert board.assert_matches(face.model, face.input).board == "cam"
        assert board.last_report.matches
    assert reserved_by(client, "cam") == "" and client.reservations() == []
    with pytest.raises(plumbline.ReservationLost, match="it was released"):
        board.run(face.model, face.input)


def test_it_is_free_after_an_exception_too(client, face):
    with pytest.raises(plumbline.Mismatch) as caught:
        with client.reserve("bad") as board:
            board.assert_matches(face.model, face.input)
    assert caught.value.report.cause == "stale_output"
    assert str(caught.value).startswith("mismatch (0 of 2 tensors match): stale_output on board bad\n")
    assert reserved_by(client, "bad") == ""


def test_nobody_elses_run_is_started_on_it(farm, client, face):
    with client.reserve("cam"), plumbline.connect(farm.address, owner="bob") as bob:
        with pytest.raises(plumbline.NoBoard, match="reserved, by ann") as caught:
            bob.reserve("cam")
        assert caught.value.reason == "board_busy"
        report = bob.run(face.model, face.input, board="cam", deadline=0.3).result()
        assert (report.verdict, report.cause, report.board) == ("not_compared", "board_busy", "")


def test_it_is_renewed_while_we_live(client):
    with client.reserve("cam", seconds=1) as board:
        eventually(
            lambda: client.reservations()[0].ends >= board.reservation.ends + 1, "it ends a second later than at first"
        )
        assert board.held and reserved_by(client, "cam") == "ann"


def test_a_killed_process_holds_it_no_longer_than_it_said(farm, client):
    holder = Process(
        sys.executable,
        "-c",
        "import plumbline, threading\n"
        "board = plumbline.connect(%r, owner='eve').reserve('cam', seconds=1)\n"
        "print('has', board.name, flush=True)\n"
        "threading.Event().wait()\n" % farm.address,
    )
    holder.wait_for_line("has cam")
    assert reserved_by(client, "cam") == "eve"
    holder.kill(signal.SIGKILL)
    # Waits for it: there is no other board of that name.
    with client.reserve("cam", wait=30):
        assert reserved_by(client, "cam") == "ann"


def test_one_that_somebody_ended_is_lost(farm, client, face):
    with client.reserve("cam", seconds=0.6) as board:
        farm.plumb("release", "cam", "--force", "--owner", "root")
        eventually(lambda: not board.held, "the loss is noticed")
        with pytest.raises(plumbline.ReservationLost, match="no longer reserved: there is no reservation"):
            board.run(face.model, face.input)
    assert client.reservations() == []


def test_a_command_that_plumb_reserves_for_uses_its_board(farm, face):
    """`plumb reserve -- pytest --plumb-no-reserve`: the environment names board, owner and server."""
    script = (
        "import plumbline\n"
        "with plumbline.connect() as client:\n"
        "    board = client.board()\n"
        "    print(board.name, board.owner, board.run(%r, %r).verdict)\n" % (face.model, face.input)
    )
    said = farm.plumb("reserve", "--board", "good", "--owner", "zoe", "--", sys.executable, "-c", script)
    assert "cam zoe match" in said


@pytest.mark.parametrize("seconds", [0, 0.4, -1, 32 * 86400])
def test_a_length_that_makes_no_sense_is_refused(client, seconds):
    with pytest.raises(plumbline.UsageError, match="from 0.5 to 31 days"):
        client.reserve("cam", seconds=seconds)
