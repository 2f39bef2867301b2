// A server's certificate, key and authority, taken up anew whenever their files change.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <grpcpp/security/server_credentials.h>

#include "common/base/status.h"
#include "common/base/unique_fd.h"
#include "common/rpc/tls.h"

namespace plumb::rpc {

// Looks at the files now and then. What LoadTls would refuse (a key that does not fit, a
// certificate that has ended, half a file) is logged and not taken: connections go on with what was
// there. Connections that are open stay as they are. Thread-safe.
//
// gRPC watches files by itself but takes whatever it finds, so it is given memory files of ours
// with what was checked; they are exchanged whole.
class TlsWatch {
 public:
  static constexpr std::chrono::seconds kInterval{5};

  // Null when nothing is given; errors as LoadTls. `interval`: at least a second; a change counts
  // after at most two of them.
  static Result<std::unique_ptr<TlsWatch>> Start(const TlsFiles& files,
                                                 std::chrono::seconds interval = kInterval);
  TlsWatch(const TlsWatch&) = delete;
  TlsWatch& operator=(const TlsWatch&) = delete;
  ~TlsWatch();

  // Ask for a certificate of the authority and end every connection without one; follow the files
  // as long as this object lives.
  [[nodiscard]] std::shared_ptr<grpc::ServerCredentials> Credentials() const;

  // What the watch does at every interval. The error of files that cannot be used.
  Status Look();

 private:
  explicit TlsWatch(const TlsFiles& files, std::chrono::seconds interval)
      : files_(files),
        interval_(interval) {}

  Status Take(const TlsIdentity& identity);
  void Run();

  const TlsFiles files_;
  const std::chrono::seconds interval_;
  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  bool stopping_ = false;
  Tls taken_;
  std::string complaint_;  // the last one logged
  UniqueFd ca_;            // memory files; their numbers stay the same
  UniqueFd certificate_;
  UniqueFd key_;
  std::thread thread_;
};

}  // namespace plumb::rpc
