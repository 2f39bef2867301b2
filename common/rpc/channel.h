// How both sides set up gRPC: keepalive, message limits, no compression, separate connections.
#pragma once

#include <memory>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "common/rpc/address.h"
#include "common/rpc/tls.h"

namespace plumb::rpc {

// gRPC stays initialised until the process ends: shutting it down while callbacks finish blocks for
// ten seconds now and then. Call at the top of main; further calls do nothing.
void KeepGrpcAlive();

// Channels of different purpose never share a connection.
enum class ChannelPurpose { kControl, kBulk };

grpc::ChannelArguments ChannelArgumentsFor(ChannelPurpose purpose);

// Whom to dial, and as whom.
struct Endpoint {
  Endpoint() = default;

  // Implicit: without TLS an endpoint is its address.
  Endpoint(Address where, Tls who = nullptr) : address(std::move(where)), tls(std::move(who)) {}

  Address address;
  Tls tls;
};

// Does not connect yet. Reads the endpoint's certificate anew: an agent dials for years. The
// address must have passed CheckDialAddress.
std::shared_ptr<grpc::Channel> OpenChannel(const Endpoint& endpoint, ChannelPurpose purpose);

// Keepalive, ping policy, message limits, handshake timeout, stream limit. Adds no port.
void ConfigureServer(grpc::ServerBuilder& builder);

}  // namespace plumb::rpc
