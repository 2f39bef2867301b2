#include "common/rpc/tls_watch.h"

#ifdef PLUMB_TLS

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include "common/base/buffer.h"
#include "common/base/file.h"
#include "common/base/log.h"

namespace plumb::rpc {
namespace {

using grpc::experimental::FileWatcherCertificateProvider;
using grpc::experimental::TlsServerCredentialsOptions;

// Puts a new memory file with `text` under the number of `*file`: who opens it by its number reads
// the old one or the new one, never a mixture.
Status Exchange(const char* name, const std::string& text, UniqueFd* file) {
  UniqueFd fresh(::memfd_create(name, MFD_CLOEXEC));
  if (!fresh.valid()) {
    return ErrnoError(errno, "making a memory file for TLS");
  }
  PLUMB_RETURN_IF_ERROR(WriteAt(fresh.get(), 0, AsBytes(text)));
  if (!file->valid()) {
    *file = std::move(fresh);
    return OkStatus();
  }
  return ::dup3(fresh.get(), file->get(), O_CLOEXEC) >= 0
             ? OkStatus()
             : ErrnoError(errno, "exchanging a memory file for TLS");
}

std::string PathOf(const UniqueFd& file) {
  return "/proc/self/fd/" + std::to_string(file.get());
}

}  // namespace

Result<std::unique_ptr<TlsWatch>> TlsWatch::Start(const TlsFiles& files,
                                                  std::chrono::seconds interval) {
  std::unique_ptr<TlsWatch> watch(new TlsWatch(files, interval));
  if (!files.given()) {
    return std::unique_ptr<TlsWatch>();
  }
  PLUMB_RETURN_IF_ERROR(watch->Look());
  watch->thread_ = std::thread([raw = watch.get()] { raw->Run(); });
  return watch;
}

TlsWatch::~TlsWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) {
    thread_.join();
  }
}

std::shared_ptr<grpc::ServerCredentials> TlsWatch::Credentials() const {
  TlsServerCredentialsOptions options(std::make_shared<FileWatcherCertificateProvider>(
      PathOf(key_), PathOf(certificate_), PathOf(ca_), static_cast<unsigned>(interval_.count())));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(options);
}

Status TlsWatch::Look() {
  PLUMB_ASSIGN_OR_RETURN(const Tls now, LoadTls(files_));
  const std::lock_guard lock(mutex_);
  const bool same = taken_ && now->ca == taken_->ca && now->certificate == taken_->certificate &&
                    now->key == taken_->key;
  if (same) {
    return OkStatus();
  }
  PLUMB_RETURN_IF_ERROR(Take(*now));
  if (taken_) {
    LogInfo(
        "the files of --tls-ca, --tls-cert and --tls-key have changed: new connections use them");
  }
  taken_ = now;
  return OkStatus();
}

Status TlsWatch::Take(const TlsIdentity& identity) {
  PLUMB_RETURN_IF_ERROR(Exchange("plumb-ca", identity.ca, &ca_));
  PLUMB_RETURN_IF_ERROR(Exchange("plumb-certificate", identity.certificate, &certificate_));
  return Exchange("plumb-key", identity.key, &key_);
}

void TlsWatch::Run() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, interval_, [this] { return stopping_; })) {
    lock.unlock();
    const Status status = Look();
    lock.lock();
    const std::string complaint = status.ok() ? std::string() : status.ToString();
    if (complaint != std::exchange(complaint_, complaint) && !complaint.empty()) {
      LogError("TLS goes on with the certificate it has: " + complaint);
    }
  }
}

}  // namespace plumb::rpc

#else

namespace plumb::rpc {

Result<std::unique_ptr<TlsWatch>> TlsWatch::Start(const TlsFiles& files,
                                                  std::chrono::seconds /*interval*/) {
  PLUMB_RETURN_IF_ERROR(LoadTls(files).status());
  return std::unique_ptr<TlsWatch>();
}

TlsWatch::~TlsWatch() = default;

std::shared_ptr<grpc::ServerCredentials> TlsWatch::Credentials() const {
  return grpc::InsecureServerCredentials();
}

Status TlsWatch::Look() {
  return OkStatus();
}

}  // namespace plumb::rpc

#endif
