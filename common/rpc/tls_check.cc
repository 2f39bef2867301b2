#include "common/rpc/tls_check.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "common/rpc/tls.h"
#include "common/runner/failure.h"

namespace plumb::rpc {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }

  void operator()(X509* certificate) const { X509_free(certificate); }

  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

template <class T>
using Owned = std::unique_ptr<T, Free>;

Status Bad(std::string message, std::string_view hint) {
  ERR_clear_error();
  return InvalidArgumentError(std::move(message)).WithReason(kReasonUsage).WithHint(hint);
}

Owned<BIO> BioOf(const std::string& text) {
  return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Never asks on the terminal.
int NoPassword(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) {
  return -1;
}

std::string TimeText(const ASN1_TIME* time) {
  const Owned<BIO> bio(BIO_new(BIO_s_mem()));
  char text[64] = {};
  if (!bio || ASN1_TIME_print(bio.get(), time) != 1 ||
      BIO_read(bio.get(), text, sizeof text - 1) <= 0) {
    return "an unknown time";
  }
  return text;
}

Status CheckTimes(const char* flag, const X509& certificate) {
  constexpr std::string_view kHint = "make a new one (plumb-server certs), or set the clock right";
  const ASN1_TIME* from = X509_get0_notBefore(&certificate);
  const ASN1_TIME* until = X509_get0_notAfter(&certificate);
  if (X509_cmp_current_time(from) > 0) {
    return Bad(std::string(flag) + ": the certificate is valid only from " + TimeText(from), kHint);
  }
  if (X509_cmp_current_time(until) < 0) {
    return Bad(std::string(flag) + ": the certificate ended on " + TimeText(until), kHint);
  }
  return OkStatus();
}

Result<Owned<X509>> ParseCertificate(const char* flag, const std::string& pem) {
  Owned<X509> certificate(PEM_read_bio_X509(BioOf(pem).get(), nullptr, NoPassword, nullptr));
  if (!certificate) {
    return Bad(std::string(flag) + ": the file holds no certificate in PEM",
               "it begins with -----BEGIN CERTIFICATE-----");
  }
  return certificate;
}

}  // namespace

Status CheckPem(const TlsIdentity& identity) {
  PLUMB_ASSIGN_OR_RETURN(const auto authority, ParseCertificate("--tls-ca", identity.ca));
  PLUMB_RETURN_IF_ERROR(CheckTimes("--tls-ca", *authority));
  PLUMB_ASSIGN_OR_RETURN(const auto ours, ParseCertificate("--tls-cert", identity.certificate));
  PLUMB_RETURN_IF_ERROR(CheckTimes("--tls-cert", *ours));
  const Owned<EVP_PKEY> key(
      PEM_read_bio_PrivateKey(BioOf(identity.key).get(), nullptr, NoPassword, nullptr));
  if (!key) {
    return Bad("--tls-key: the file holds no private key in PEM without a password",
               "it begins with -----BEGIN PRIVATE KEY-----");
  }
  if (X509_check_private_key(ours.get(), key.get()) != 1) {
    return Bad("--tls-key does not belong to --tls-cert", "give the two of one pair");
  }
  return OkStatus();
}

}  // namespace plumb::rpc
