"""pytest: a board as a fixture, and the comparison in the failure's text (docs/python.md).

    def test_face_detector(plumb_board):
        plumb_board.assert_matches("net.img", "picture.bin")

What a board computed wrong is a failure. What kept it from being judged (no board, a server or a
board that died, an input that was refused) is an error, as in `plumb report --junit`.
"""

from __future__ import annotations

import contextlib
import typing

import pytest

from plumbline.client import Client, connect
from plumbline.errors import Mismatch, PlumbError
from plumbline.report import Report
from plumbline.target import BoardTarget

_MARKER = "plumb_board"
_TARGET = pytest.StashKey[BoardTarget]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """--plumb-…; what is not given is PLUMB_… of the environment, as for the `plumb` program."""
    group = parser.getgroup("plumbline", "boards of a plumb-server")

    def option(flag: str, meta: str, text: str, **more: typing.Any) -> None:
        group.addoption(flag, metavar=meta, help=text, **more)

    option("--plumb-server", "ADDR", "the plumb-server: host:port or unix:/path (default from PLUMB_SERVER)")
    option(
        "--plumb-board",
        "WORD",
        "a board's name, or a tag that it must have; repeated: all of them (default from PLUMB_BOARD, else any)",
        action="append",
    )
    option("--plumb-token-file", "FILE", "your token, as `plumb token add` printed it (mode 600)")
    option("--plumb-tls-ca", "FILE", "certificate of the authority that signed the server's")
    option("--plumb-tls-cert", "FILE", "your certificate")
    option("--plumb-tls-key", "FILE", "its private key (mode 600)")
    option("--plumb-tls-server-name", "NAME", "the name in the server's certificate, if it is not the host")
    option("--plumb-owner", "NAME", "in whose name, where no certificate says it (default: PLUMB_OWNER, your login)")
    option("--plumb-wait", "SECONDS", "wait so long for a board that is free (default 0)", type=float, default=0.0)
    group.addoption(
        "--plumb-no-reserve",
        action="store_true",
        help="do not reserve: runs wait for the board in turn, as when `plumb reserve` holds it already",
    )


def pytest_configure(config: pytest.Config) -> None:
    """The marker."""
    config.addinivalue_line(
        "markers", _MARKER + "(word, …): the board's name, or tags that it must all have, instead of --plumb-board"
    )


@pytest.fixture(scope="session")
def plumb_client(pytestconfig: pytest.Config) -> typing.Iterator[Client]:
    """A `plumbline.Client` of the server that --plumb-server or PLUMB_SERVER names."""
    get = pytestconfig.getoption
    with _told_shortly():
        client = connect(
            get("--plumb-server"),
            token_file=get("--plumb-token-file"),
            ca=get("--plumb-tls-ca"),
            cert=get("--plumb-tls-cert"),
            key=get("--plumb-tls-key"),
            server_name=get("--plumb-tls-server-name"),
            owner=get("--plumb-owner"),
        )
    with client:
        yield client


@pytest.fixture
def plumb_board(request: pytest.FixtureRequest, plumb_client: Client) -> typing.Iterator[BoardTarget]:
    """A board for this test alone, released at its end: `run`, `start`, `assert_matches`, `name`.

    Which one: the marker `plumb_board`, else --plumb-board, else PLUMB_BOARD, else any.
    """
    option = request.config.getoption
    marker = request.node.get_closest_marker(_MARKER)
    words = list(marker.args) if marker else option("--plumb-board")
    if option("--plumb-no-reserve"):
        target = plumb_client.board(words)
        request.node.stash[_TARGET] = target
        yield target
        return
    note = "pytest " + request.node.nodeid.encode("ascii", "replace").decode()
    with _told_shortly():
        board = plumb_client.reserve(words, note=note[:200], wait=option("--plumb-wait"))
    with board:
        request.node.stash[_TARGET] = board
        yield board


@contextlib.contextmanager
def _told_shortly() -> typing.Iterator[None]:
    """Errors without our own source lines: what happened and how to mend it is all in the text."""
    try:
        yield
    except PlumbError as error:
        raise pytest.fail.Exception("plumbline: %s" % error, pytrace=False) from None


def pytest_assertrepr_compare(op: str, left: object, right: object) -> typing.Optional[list[str]]:
    """`assert report == …` shows the comparison, not two objects."""
    for side in (left, right):
        if isinstance(side, Report):
            return ["%s %s" % (side.summary(), op)] + str(side).splitlines()
    return None


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> typing.Iterator[None]:
    """The comparison beside any failure of a test, run and verdict for JUnit, errors told from failures."""
    target = item.stash.get(_TARGET, None)
    last = target.last_report if target is not None and call.when == "call" else None
    if last is not None:
        item.user_properties.append(("plumb_run", last.run_id))
        item.user_properties.append(("plumb_board", last.board))
        item.user_properties.append(("plumb_verdict", last.verdict))
    outcome: typing.Any = yield
    if call.when != "call" or call.excinfo is None:
        return
    result = outcome.get_result()
    if not result.failed:
        return  # as was expected: xfail
    if call.excinfo.errisinstance(PlumbError):
        # pytest and JUnit call an error what goes wrong outside of the test's own phase.
        result.when = "setup"
    elif last is not None and not last.matches and not call.excinfo.errisinstance(Mismatch):
        result.sections.append(("plumbline", str(last)))
