// How both sides set up gRPC: keepalive, message limits, no compression, separate connections.
#pragma once

#include <memory>

#include <grpcpp/grpcpp.h>

#include "common/rpc/address.h"

namespace plumb::rpc {

// gRPC stays initialised until the process ends: shutting it down while callbacks finish blocks for
// ten seconds now and then. Call at the top of main; further calls do nothing.
void KeepGrpcAlive();

// Channels of different purpose never share a connection.
enum class ChannelPurpose { kControl, kBulk };

grpc::ChannelArguments ChannelArgumentsFor(ChannelPurpose purpose);
// Does not connect yet. `address` must have passed CheckDialAddress.
std::shared_ptr<grpc::Channel> OpenChannel(const Address& address, ChannelPurpose purpose);

// Keepalive, ping policy, message limits, handshake timeout, stream limit. Adds no port.
void ConfigureServer(grpc::ServerBuilder& builder);

}  // namespace plumb::rpc
