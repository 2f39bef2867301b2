"""Connections to a server, set up as the other programs set theirs up (common/rpc/channel.cc)."""

from __future__ import annotations

import typing

import grpc

from plumbline._rpc_errors import from_rpc
from plumbline._settings import Settings
from plumbline._wire import farm_service_pb2_grpc, run_service_pb2, run_service_pb2_grpc, status_pb2
from plumbline._version import __version__
from plumbline.errors import PlumbError, ProtocolError, ServerUnreachable

PROTOCOL_MAJOR = 1
PROTOCOL_MINOR = 0
MAX_MESSAGE_SIZE = 2 << 20
CALL_TIMEOUT = 20.0


def _options(settings: Settings, purpose: str) -> list[tuple[str, typing.Any]]:
    options: list[tuple[str, typing.Any]] = [
        ("grpc.keepalive_time_ms", 10_000),
        ("grpc.keepalive_timeout_ms", 5_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 2_000),
        ("grpc.max_reconnect_backoff_ms", 1_000),
        ("grpc.enable_retries", 0),
        # The environment's proxies are meant for the web, not for a lab's own server.
        ("grpc.enable_http_proxy", 0),
        ("grpc.use_local_subchannel_pool", 1),
        ("plumb.purpose", purpose),
        ("grpc.max_receive_message_length", MAX_MESSAGE_SIZE),
        ("grpc.max_send_message_length", MAX_MESSAGE_SIZE),
    ]
    if settings.tls and settings.tls.server_name:
        options.append(("grpc.ssl_target_name_override", settings.tls.server_name))
    return options


def _open(settings: Settings, purpose: str) -> grpc.Channel:
    options = _options(settings, purpose)
    if settings.tls is None:
        return grpc.insecure_channel(settings.address, options)
    credentials = grpc.ssl_channel_credentials(settings.tls.ca, settings.tls.key, settings.tls.certificate)
    return grpc.secure_channel(settings.address, credentials, options)


class Connection:
    """One server: a channel for control, one for bulk, so that uploads delay nothing. Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._control = _open(settings, "control")
        self._bulk = _open(settings, "bulk")
        self.runs = run_service_pb2_grpc.RunServiceStub(self._control)
        self.bulk_runs = run_service_pb2_grpc.RunServiceStub(self._bulk)
        self.farm = farm_service_pb2_grpc.FarmServiceStub(self._control)
        self.metadata: tuple[tuple[str, str], ...] = ()
        if settings.token:
            self.metadata = (("authorization", "Bearer " + settings.token),)
        self.server_version = ""

    def close(self) -> None:
        """Ends the calls that are under way."""
        self._control.close()
        self._bulk.close()

    def call(
        self, method: typing.Any, request: typing.Any, *, timeout: float = CALL_TIMEOUT, request_id: str = ""
    ) -> typing.Any:
        """A call with one answer, within `timeout` seconds. PlumbError."""
        try:
            return method(request, timeout=timeout, metadata=self.metadata)
        except grpc.RpcError as error:
            raise self.error(error, request_id) from None

    def error(self, error: grpc.RpcError, request_id: str = "") -> PlumbError:
        """What callers see for a failed call."""
        return from_rpc(error, self.settings.address, request_id)

    def greet(self, timeout: float) -> None:
        """Waits for the server at most `timeout` seconds and compares versions."""
        try:
            grpc.channel_ready_future(self._control).result(timeout=timeout)
        except grpc.FutureTimeoutError:
            raise self._no_answer() from None
        request = run_service_pb2.GetServerInfoRequest(
            protocol=status_pb2.ProtocolVersion(major=PROTOCOL_MAJOR, minor=PROTOCOL_MINOR),
            client_version="python " + __version__,
        )
        info = self.call(self.runs.GetServerInfo, request)
        if info.protocol.major != PROTOCOL_MAJOR:
            raise ProtocolError(
                "the server speaks version %d of the protocol, this package %d" % (info.protocol.major, PROTOCOL_MAJOR)
            )
        self.server_version = info.server_version

    def _no_answer(self) -> ServerUnreachable:
        # A call that fails at once tells what the attempts to connect came to.
        why = ""
        try:
            self.call(self.runs.GetServerInfo, run_service_pb2.GetServerInfoRequest(), timeout=1.0)
        except PlumbError as error:
            why = ": " + error.message.partition(" broke: ")[2]
        hint = "is it running (plumb-server --listen %s --data DIR)? or does it want ca, cert and key?"
        if self.settings.tls:
            hint = (
                "does it speak TLS, is its certificate of `ca` and for this host (server_name names another), "
                "and ours of the authority it trusts?"
            )
        return ServerUnreachable(
            "no server answers at %s%s" % (self.settings.address, why.rstrip(": ")),
            code="unavailable",
            reason="server_lost",
            hint=hint.replace("%s", self.settings.address),
        )
