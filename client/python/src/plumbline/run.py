"""A run that was started: follow it, end it, take its report."""

from __future__ import annotations

import contextlib
import typing

import grpc
import xxhash

from plumbline._channel import CALL_TIMEOUT, Connection
from plumbline._wire import artifact_pb2, run_service_pb2
from plumbline.errors import PlumbError, ProtocolError, ServerUnreachable
from plumbline.progress import Progress, ProgressFold
from plumbline.report import Report

_MAX_REPORT = 64 << 20


class Run:
    """One run on a server. It goes on there whatever becomes of this object. Thread-safe.

        for progress in client.run("net.img", "picture.bin"):
            print(progress.state, progress.board)
        report = run.result()
    """

    def __init__(self, connection: Connection, run_id: str) -> None:
        self._connection = connection
        self.run_id = run_id
        self._report: typing.Optional[Report] = None

    def __repr__(self) -> str:
        return "<plumbline.Run %s>" % self.run_id

    def __iter__(self) -> typing.Iterator[Progress]:
        """First all that is known so far, then whenever something changes, until it is finished.

        May be iterated again, at any time. A slow reader gets fewer, newer states. PlumbError.
        """
        fold = ProgressFold()
        request = run_service_pb2.WatchRunRequest(run_id=self.run_id)
        call = self._connection.runs.WatchRun(request, metadata=self._connection.metadata)
        try:
            for response in call:
                yield fold.add(response.event)
        except grpc.RpcError as error:
            raise self._connection.error(error) from None
        finally:
            call.cancel()  # stops watching, not the run
        if not fold.current().finished:
            raise ServerUnreachable(
                "the server stopped telling of the run", code="unavailable", reason="server_lost"
            )

    def result(self) -> Report:
        """Waits until the run is over, at most its deadline, and fetches the report. PlumbError.

        Ctrl-C cancels the run: board and simulator must not go on for nobody.
        """
        if self._report is None:
            try:
                for _ in self:
                    pass
            except KeyboardInterrupt:
                with contextlib.suppress(PlumbError):
                    self.cancel()
                raise
            self._report = Report.from_json(self.report_json(), self.run_id)
        return self._report

    def cancel(self) -> None:
        """Asks board and simulator to stop; a run that is over stays as it is."""
        request = run_service_pb2.CancelRunRequest(run_id=self.run_id)
        self._connection.call(self._connection.runs.CancelRun, request)

    def report_json(self) -> bytes:
        """The report of a finished run, byte for byte as the server has it (plumb.comparison/1)."""
        request = run_service_pb2.GetReportRequest(run_id=self.run_id)
        connection = self._connection
        call = connection.bulk_runs.GetReport(request, timeout=CALL_TIMEOUT, metadata=connection.metadata)
        report = bytearray()
        size = 0
        try:
            for response in call:
                size = response.total_size
                _take(response.chunk, size, report)
        except grpc.RpcError as error:
            raise connection.error(error) from None
        finally:
            call.cancel()
        if not report or len(report) != size:
            raise ProtocolError("the report has %d bytes of %d" % (len(report), size))
        return bytes(report)


def _take(chunk: artifact_pb2.DataChunk, size: int, report: bytearray) -> None:
    if size > _MAX_REPORT:
        raise ProtocolError("a report of %d bytes is too large" % size)
    if chunk.offset != len(report) or not chunk.data or len(report) + len(chunk.data) > size:
        raise ProtocolError("the report's pieces do not fit together")
    if xxhash.xxh3_64_intdigest(chunk.data) != chunk.xxh3:
        raise ProtocolError("a piece of the report has another checksum than was announced")
    report += chunk.data
