"""Files to the server: named by their SHA-256, sent in pieces where the server lacks them."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import typing

import grpc
import xxhash

from plumbline._channel import Connection
from plumbline._wire import artifact_pb2, run_service_pb2
from plumbline.errors import ServerUnreachable, UsageError

# A path, or the bytes themselves: bytes, bytearray, memoryview, a contiguous numpy array.
Source = typing.Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, typing.Any]

CHUNK_SIZE = 256 << 10
MAX_ARTIFACT_SIZE = 4 << 30
# A server that takes less than this of an upload within the stall time counts as lost.
LEAST_PROGRESS = 64 << 10
STALL_TIMEOUT = 30.0
# The server syncs an uploaded file to its disk before it answers: 4 GiB on a slow one.
COMMIT_PATIENCE = 300.0


def name_of(source: Source, fallback: str) -> str:
    """What to call it, for people: a file's name, never its path."""
    return os.path.basename(os.fspath(source)) if isinstance(source, (str, os.PathLike)) else fallback


def _open(source: Source, what: str) -> typing.BinaryIO:
    if isinstance(source, (str, os.PathLike)):
        try:
            return open(source, "rb")
        except OSError as error:
            raise UsageError("%s '%s' cannot be read: %s" % (what, os.fspath(source), error.strerror)) from error
    try:
        return io.BytesIO(memoryview(source).cast("B"))
    except (TypeError, ValueError) as error:
        raise UsageError(
            "%s is neither a path nor contiguous bytes: %s" % (what, error), "give a path, bytes or a contiguous array"
        ) from error


def _identity_of(file: typing.BinaryIO) -> artifact_pb2.Artifact:
    digest = hashlib.sha256()
    size = 0
    while block := file.read(1 << 20):
        digest.update(block)
        size += len(block)
    return artifact_pb2.Artifact(sha256=digest.hexdigest(), size=size)


class _Pieces:
    """The messages of one upload; knows how far it has come."""

    def __init__(self, artifact: artifact_pb2.Artifact, file: typing.BinaryIO) -> None:
        self.sent = 0
        self.over = False
        self.error: typing.Optional[OSError] = None
        self._artifact = artifact
        self._file = file

    def __iter__(self) -> typing.Iterator[run_service_pb2.PutArtifactRequest]:
        yield run_service_pb2.PutArtifactRequest(artifact=self._artifact)
        # A file that grew is cut where it was hashed; the server finds any other change.
        while self.sent < self._artifact.size:
            try:
                data = self._file.read(min(CHUNK_SIZE, self._artifact.size - self.sent))
            except OSError as error:
                self.error = error
                break
            if not data:
                break
            chunk = artifact_pb2.DataChunk(offset=self.sent, xxh3=xxhash.xxh3_64_intdigest(data), data=data)
            yield run_service_pb2.PutArtifactRequest(chunk=chunk)
            self.sent += len(data)
        self.over = True


def _send(connection: Connection, artifact: artifact_pb2.Artifact, file: typing.BinaryIO) -> None:
    pieces = _Pieces(artifact, file)
    call = connection.bulk_runs.PutArtifact.future(iter(pieces), metadata=connection.metadata)
    try:
        while True:
            before = pieces.sent
            try:
                call.result(timeout=COMMIT_PATIENCE if pieces.over else STALL_TIMEOUT)
                return
            except grpc.FutureTimeoutError:
                if not pieces.over and pieces.sent - before >= LEAST_PROGRESS:
                    continue
                if pieces.over and before < artifact.size:
                    continue  # the last piece went out meanwhile
                raise ServerUnreachable(
                    "the server took nothing of the file for %g s" % STALL_TIMEOUT,
                    code="unavailable",
                    reason="server_lost",
                ) from None
            except grpc.RpcError as error:
                if pieces.error:
                    raise UsageError("a file cannot be read to its end: %s" % pieces.error.strerror) from None
                raise connection.error(error) from None
    finally:
        call.cancel()  # nothing after its end


def ensure(connection: Connection, source: Source, what: str) -> artifact_pb2.Artifact:
    """Makes sure that the server holds it. Memory is bounded for files. `what` is for messages."""
    with contextlib.closing(_open(source, what)) as file:
        artifact = _identity_of(file)
        if artifact.size > MAX_ARTIFACT_SIZE:
            raise UsageError("%s has %d bytes; the limit is %d" % (what, artifact.size, MAX_ARTIFACT_SIZE))
        request = run_service_pb2.FindMissingRequest(artifacts=[artifact])
        if connection.call(connection.runs.FindMissing, request).missing:
            file.seek(0)
            _send(connection, artifact, file)
    return artifact
