#include "common/rpc/channel.h"

#include <grpc/grpc.h>

#include "common/rpc/limits.h"

namespace plumb::rpc {
namespace {

constexpr int kMinPingIntervalMs = 5'000;
constexpr int kHandshakeTimeoutMs = 10'000;
constexpr int kMaxStreamsPerConnection = 100;
constexpr int kMaxMetadataSize = 8 * 1024;
// A connection without a call; its owner dials again by itself.
constexpr int kMaxIdleMs = 30 * 60'000;
// What gRPC itself may hold for all connections together; above it reads slow down.
constexpr size_t kServerBufferQuota = size_t{256} << 20;
// A cut cable must be noticed as mended well within kResumeWindow.
constexpr int kFirstBackoffMs = 100;
constexpr int kLongestBackoffMs = 1'000;
// Of one attempt to connect; a busy board or server needs more than the network does.
constexpr int kConnectTimeoutMs = 2'000;

template <class Integer>
int AsInt(Integer value) {
  return static_cast<int>(value);
}

}  // namespace

void KeepGrpcAlive() {
  static const bool kept = [] {
    grpc_init();
    return true;
  }();
  static_cast<void>(kept);
}

grpc::ChannelArguments ChannelArgumentsFor(ChannelPurpose purpose) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, AsInt(kKeepaliveTime.count()));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, AsInt(kKeepaliveTimeout.count()));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstBackoffMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectTimeoutMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLongestBackoffMs);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  // The environment's proxies are meant for the web, not for a board's own server.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // Channels with equal arguments share connections unless their pools are their own.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetString("plumb.purpose", purpose == ChannelPurpose::kBulk ? "bulk" : "control");
  arguments.SetMaxReceiveMessageSize(kMaxMessageSize);
  arguments.SetMaxSendMessageSize(kMaxMessageSize);
  arguments.SetCompressionAlgorithm(GRPC_COMPRESS_NONE);
  return arguments;
}

std::shared_ptr<grpc::Channel> OpenChannel(const Endpoint& endpoint, ChannelPurpose purpose) {
  grpc::ChannelArguments arguments = ChannelArgumentsFor(purpose);
#ifdef PLUMB_TLS  // gRPC's library without TLS does not have the call
  if (endpoint.tls && !endpoint.tls->server_name.empty()) {
    arguments.SetSslTargetNameOverride(endpoint.tls->server_name);
  }
#endif
  return grpc::CreateCustomChannel(
      endpoint.address.ToString(), ChannelCredentialsFor(Refreshed(endpoint.tls)), arguments);
}

void ConfigureServer(grpc::ServerBuilder& builder) {
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, AsInt(kKeepaliveTime.count()));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, AsInt(kKeepaliveTimeout.count()));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kMinPingIntervalMs);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsPerConnection);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataSize);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kMaxIdleMs);
  builder.SetResourceQuota(grpc::ResourceQuota("plumb-server").Resize(kServerBufferQuota));
  // A second server on the same port would otherwise take half of the connections unnoticed.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.SetMaxReceiveMessageSize(kMaxMessageSize);
  builder.SetMaxSendMessageSize(kMaxMessageSize);
  builder.SetDefaultCompressionAlgorithm(GRPC_COMPRESS_NONE);
}

}  // namespace plumb::rpc
