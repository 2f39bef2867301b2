"""What the client makes of a server that lies, stalls or is no server of this protocol."""

import concurrent.futures
import json
import threading

import grpc
import plumbline
import pytest
import xxhash
from google.protobuf import any_pb2
from plumbline import _upload
from plumbline._wire import artifact_pb2, run_pb2, run_service_pb2, run_service_pb2_grpc, status_pb2


class Liar(run_service_pb2_grpc.RunServiceServicer):
    """Answers as a server does, but for what a test puts into it."""

    def __init__(self):
        self.major = 1
        self.boards = []
        self.failure = None  # (code, details bytes)
        self.run_id = "run-1"
        self.events = []
        self.report = []
        self.released = threading.Event()

    def GetServerInfo(self, request, context):
        assert request.protocol.major == 1
        return run_service_pb2.GetServerInfoResponse(protocol=status_pb2.ProtocolVersion(major=self.major))

    def ListBoards(self, request, context):
        if self.failure:
            code, details = self.failure
            context.set_trailing_metadata((("grpc-status-details-bin", details),))
            context.abort(code, "no\x1b[2J")
        return run_service_pb2.ListBoardsResponse(boards=self.boards)

    def FindMissing(self, request, context):
        return run_service_pb2.FindMissingResponse(missing=request.artifacts)

    def PutArtifact(self, requests, context):
        self.released.wait(60)
        return run_service_pb2.PutArtifactResponse()

    def StartRun(self, request, context):
        return run_service_pb2.StartRunResponse(run_id=self.run_id)

    def WatchRun(self, request, context):
        for event in self.events:
            yield run_service_pb2.WatchRunResponse(event=event)

    def GetReport(self, request, context):
        yield from self.report


@pytest.fixture
def liar(tmp_path_factory):
    """A Liar and a client of it."""
    made = Liar()
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(8))
    run_service_pb2_grpc.add_RunServiceServicer_to_server(made, server)
    made.address = "127.0.0.1:%d" % server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield made
    made.released.set()
    server.stop(0).wait()


def test_another_major_version_is_refused(liar):
    liar.major = 2
    with pytest.raises(plumbline.ProtocolError, match="version 2 of the protocol, this package 1"):
        plumbline.connect(liar.address)


def test_names_of_boards_do_not_steer_a_terminal(liar):
    liar.boards = [run_pb2.BoardSummary(name="a\x1b[2J", tags=["b\n"], state=99)]
    with plumbline.connect(liar.address) as client:
        (board,) = client.boards()
    assert (board.name, board.tags, board.state) == ("a\\x1B[2J", ("b\\x0A",), "offline")


def details_of(reason, hint=""):
    packed = any_pb2.Any()
    packed.Pack(status_pb2.Failure(reason=reason, hint=hint))
    return status_pb2.StatusDetails(details=[any_pb2.Any(type_url="x/y"), packed]).SerializeToString()


@pytest.mark.parametrize(
    ("code", "details", "kind", "reason"),
    [
        (grpc.StatusCode.RESOURCE_EXHAUSTED, details_of("board_busy"), plumbline.NoBoard, "board_busy"),
        (grpc.StatusCode.NOT_FOUND, details_of("run_not_found"), plumbline.PlumbError, "run_not_found"),
        (grpc.StatusCode.NOT_FOUND, details_of("No Such\nWord"), plumbline.PlumbError, ""),
        (grpc.StatusCode.NOT_FOUND, b"\xff\xff garbage", plumbline.PlumbError, ""),
        (grpc.StatusCode.PERMISSION_DENIED, details_of("role_too_low"), plumbline.AccessDenied, "role_too_low"),
        (grpc.StatusCode.UNAVAILABLE, b"", plumbline.ServerUnreachable, "server_lost"),
        (grpc.StatusCode.INTERNAL, details_of("store_lost"), plumbline.PlumbError, "store_lost"),
    ],
)
def test_errors_keep_what_can_be_kept(liar, code, details, kind, reason):
    liar.failure = (code, details)
    with plumbline.connect(liar.address) as client, pytest.raises(plumbline.PlumbError) as caught:
        client.boards()
    assert type(caught.value) is kind
    assert (caught.value.code, caught.value.reason) == (code.name.lower(), reason)
    assert "no\\x1B[2J" in caught.value.message


def test_a_hint_comes_through_harmless(liar):
    liar.failure = (grpc.StatusCode.NOT_FOUND, details_of("x", "try\x07this"))
    with plumbline.connect(liar.address) as client, pytest.raises(plumbline.PlumbError) as caught:
        client.boards()
    assert caught.value.hint == "try\\x07this"


def test_an_upload_that_nobody_takes_ends(liar, monkeypatch):
    monkeypatch.setattr(_upload, "STALL_TIMEOUT", 0.2)
    with plumbline.connect(liar.address) as client:
        with pytest.raises(plumbline.ServerUnreachable, match="took nothing of the file for 0.2 s"):
            client.run(bytes(8 << 20), b"x")


def test_a_run_without_a_proper_name_is_refused(liar):
    liar.released.set()
    for name in ("", "../x", "a b", "x" * 65):
        liar.run_id = name
        with plumbline.connect(liar.address) as client, pytest.raises(plumbline.ProtocolError, match="calls the run"):
            client.run(b"m", b"x")


def finished():
    return run_pb2.RunEvent(run=run_pb2.RunSummary(run_id="r", state=5, verdict=1))


def test_a_run_that_is_no_longer_told_of_is_no_result(liar):
    liar.events = [run_pb2.RunEvent(run=run_pb2.RunSummary(run_id="r", state=3))]
    with plumbline.connect(liar.address) as client:
        with pytest.raises(plumbline.ServerUnreachable, match="stopped telling"):
            client.attach("r").result()


def test_an_unknown_state_is_never_read_as_a_known_one(liar):
    liar.events = [run_pb2.RunEvent(run=run_pb2.RunSummary(run_id="r", state=77)), finished()]
    with plumbline.connect(liar.address) as client, pytest.raises(plumbline.ProtocolError, match="run.state 77"):
        client.attach("r").result()


def piece(data, offset=0, total=None, checksum=None):
    chunk = artifact_pb2.DataChunk(
        offset=offset, data=data, xxh3=xxhash.xxh3_64_intdigest(data) if checksum is None else checksum
    )
    return run_service_pb2.GetReportResponse(total_size=len(data) if total is None else total, chunk=chunk)


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        ([], "0 bytes of 0"),
        ([piece(b"{}", checksum=1)], "another checksum"),
        ([piece(b"{", total=2), piece(b"}", offset=2, total=2)], "do not fit together"),
        ([piece(b"{", total=2)], "1 bytes of 2"),
        ([piece(b"{}", total=1)], "do not fit together"),
        ([piece(b"{}", total=(64 << 20) + 1)], "too large"),
        ([piece(b"", total=0)], "do not fit together"),
        ([piece(b"{}")], "no plumb.comparison/1"),
        ([piece(b"{")], "no JSON"),
    ],
)
def test_a_report_is_whole_or_absent(liar, pieces, said):
    liar.events = [finished()]
    liar.report = pieces
    with plumbline.connect(liar.address) as client, pytest.raises(plumbline.ProtocolError, match=said):
        client.attach("r").result()


def test_a_report_may_come_in_pieces(liar):
    liar.events = [finished()]
    text = json.dumps({"schema": "plumb.comparison/1"}).encode()
    liar.report = [piece(text[:9], total=len(text)), piece(text[9:], offset=9, total=len(text))]
    with plumbline.connect(liar.address) as client:
        assert client.attach("r").report_json() == text


def test_the_checksum_is_the_one_of_the_wire():
    # XXH3-64, seed 0, of nothing, as xxHash's own documentation has it.
    assert xxhash.xxh3_64_intdigest(b"") == 0x2D06800538D394C2
