#include "server/app/certs.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <utility>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/runner/failure.h"

namespace plumb::server {
namespace {

namespace fs = std::filesystem;

constexpr long kAuthorityDays = 3'650;
constexpr long kLeafDays = 730;
constexpr long kSecondsPerDay = 86'400;
// A board whose clock is a little behind shall take a new certificate.
constexpr long kBackdate = 3'600;
constexpr int kSerialBits = 127;
constexpr uint64_t kMaxPemSize = uint64_t{1} << 20;

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }

  void operator()(X509* certificate) const { X509_free(certificate); }

  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }

  void operator()(BIGNUM* number) const { BN_free(number); }

  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
};

template <class T>
using Owned = std::unique_ptr<T, Free>;

Status Usage(std::string message, std::string_view hint) {
  return InvalidArgumentError(std::move(message)).WithReason(kReasonUsage).WithHint(hint);
}

Status OpensslFailed(std::string_view what) {
  char text[256] = {};
  ERR_error_string_n(ERR_get_error(), text, sizeof text);
  ERR_clear_error();
  return InternalError("OpenSSL cannot " + std::string(what) + ": " + text);
}

struct Pair {
  Owned<X509> certificate;
  Owned<EVP_PKEY> key;
};

// What a certificate says beside its name.
struct Profile {
  std::string common_name;
  std::string alternative_names;  // as OpenSSL's configuration writes them; empty: none
  const char* usage = nullptr;    // extended key usage; null: an authority
  long days = kLeafDays;
};

Status AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1
             ? OkStatus()
             : OpensslFailed("add '" + value + "'");
}

Status AddExtensions(const Profile& profile, X509* certificate, X509* issuer) {
  const bool authority = profile.usage == nullptr;
  PLUMB_RETURN_IF_ERROR(
      AddExtension(certificate,
                   issuer,
                   NID_basic_constraints,
                   authority ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE"));
  PLUMB_RETURN_IF_ERROR(
      AddExtension(certificate,
                   issuer,
                   NID_key_usage,
                   authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature"));
  PLUMB_RETURN_IF_ERROR(AddExtension(certificate, issuer, NID_subject_key_identifier, "hash"));
  if (!authority) {
    PLUMB_RETURN_IF_ERROR(
        AddExtension(certificate, issuer, NID_authority_key_identifier, "keyid:always"));
    PLUMB_RETURN_IF_ERROR(AddExtension(certificate, issuer, NID_ext_key_usage, profile.usage));
  }
  return profile.alternative_names.empty()
             ? OkStatus()
             : AddExtension(certificate, issuer, NID_subject_alt_name, profile.alternative_names);
}

Status SetSerial(X509* certificate) {
  const Owned<BIGNUM> number(BN_new());
  const bool good = number &&
                    BN_rand(number.get(), kSerialBits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
                    BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
  return good ? OkStatus() : OpensslFailed("draw a serial number");
}

// Signed by `issuer`, or by itself.
Result<Pair> MakePair(const Profile& profile, const Pair* issuer) {
  Pair pair;
  pair.key.reset(EVP_EC_gen("P-256"));
  pair.certificate.reset(X509_new());
  X509* certificate = pair.certificate.get();
  if (!pair.key || certificate == nullptr || X509_set_version(certificate, X509_VERSION_3) != 1) {
    return OpensslFailed("make a key");
  }
  PLUMB_RETURN_IF_ERROR(SetSerial(certificate));
  const auto* name = reinterpret_cast<const unsigned char*>(profile.common_name.data());
  X509_NAME* subject = X509_get_subject_name(certificate);
  X509* signer = issuer != nullptr ? issuer->certificate.get() : certificate;
  const bool good =
      X509_gmtime_adj(X509_getm_notBefore(certificate), -kBackdate) != nullptr &&
      X509_gmtime_adj(X509_getm_notAfter(certificate), profile.days * kSecondsPerDay) != nullptr &&
      X509_NAME_add_entry_by_txt(subject,
                                 "CN",
                                 MBSTRING_UTF8,
                                 name,
                                 static_cast<int>(profile.common_name.size()),
                                 -1,
                                 0) == 1 &&
      X509_set_issuer_name(certificate, X509_get_subject_name(signer)) == 1 &&
      X509_set_pubkey(certificate, pair.key.get()) == 1;
  if (!good) {
    return OpensslFailed("make a certificate");
  }
  PLUMB_RETURN_IF_ERROR(AddExtensions(profile, certificate, signer));
  EVP_PKEY* signing_key = issuer != nullptr ? issuer->key.get() : pair.key.get();
  if (X509_sign(certificate, signing_key, EVP_sha256()) == 0) {
    return OpensslFailed("sign a certificate");
  }
  return pair;
}

std::string TextOf(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<size_t>(std::max(size, 0L))};
}

// The key is private from its first byte on.
Status WriteFile(const fs::path& path, const std::string& text, bool secret) {
  const mode_t before = ::umask(secret ? 077 : 022);
  const Status written = WriteFileAtomically(path, text);
  ::umask(before);
  PLUMB_RETURN_IF_ERROR(written);
  return ::chmod(path.c_str(), secret ? 0600 : 0644) == 0
             ? OkStatus()
             : ErrnoError(errno, "chmod '" + path.string() + "'");
}

Status WritePair(const fs::path& folder,
                 const std::string& name,
                 const Pair& pair,
                 std::vector<std::string>& lines) {
  const Owned<BIO> certificate(BIO_new(BIO_s_mem()));
  const Owned<BIO> key(BIO_new(BIO_s_mem()));
  if (!certificate || !key || PEM_write_bio_X509(certificate.get(), pair.certificate.get()) != 1 ||
      PEM_write_bio_PrivateKey(key.get(), pair.key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    return OpensslFailed("write PEM");
  }
  PLUMB_RETURN_IF_ERROR(WriteFile(folder / (name + ".key"), TextOf(key.get()), true));
  PLUMB_RETURN_IF_ERROR(WriteFile(folder / (name + ".pem"), TextOf(certificate.get()), false));
  lines.push_back("wrote " + (folder / (name + ".pem")).string() + " and " + name + ".key");
  return OkStatus();
}

Result<std::string> Read(const fs::path& path) {
  PLUMB_ASSIGN_OR_RETURN(const Buffer bytes, ReadFile(path, kMaxPemSize));
  return std::string(bytes.span().begin(), bytes.span().end());
}

Result<Pair> LoadAuthority(const fs::path& folder) {
  PLUMB_ASSIGN_OR_RETURN(const std::string certificate, Read(folder / "ca.pem"));
  PLUMB_ASSIGN_OR_RETURN(const std::string key, Read(folder / "ca.key"));
  const Owned<BIO> certificate_bio(
      BIO_new_mem_buf(certificate.data(), static_cast<int>(certificate.size())));
  const Owned<BIO> key_bio(BIO_new_mem_buf(key.data(), static_cast<int>(key.size())));
  Pair pair;
  pair.certificate.reset(PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr));
  pair.key.reset(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
  if (!pair.certificate || !pair.key ||
      X509_check_private_key(pair.certificate.get(), pair.key.get()) != 1) {
    ERR_clear_error();
    return Usage("ca.pem and ca.key in '" + folder.string() + "' are no pair",
                 "give another folder with --out, or put the two back");
  }
  return pair;
}

Result<Pair> Authority(const fs::path& folder, std::vector<std::string>& lines) {
  std::error_code ignored;
  const bool certificate = fs::exists(folder / "ca.pem", ignored);
  const bool key = fs::exists(folder / "ca.key", ignored);
  if (certificate && key) {
    return LoadAuthority(folder);
  }
  if (certificate || key) {
    return Usage("'" + folder.string() + "' holds only one of ca.pem and ca.key",
                 "put the other one back, or give an empty folder with --out");
  }
  PLUMB_ASSIGN_OR_RETURN(
      Pair pair, MakePair({"Plumbline lab authority", "", nullptr, kAuthorityDays}, nullptr));
  PLUMB_RETURN_IF_ERROR(WritePair(folder, "ca", pair, lines));
  return pair;
}

// Letters, digits, dot, dash, underscore, colon: safe in a file's name and in OpenSSL's lists.
Status CheckName(const char* flag, const std::string& name) {
  const bool good = !name.empty() && name.size() <= 64 && name.front() != '.' &&
                    std::all_of(name.begin(), name.end(), [](unsigned char c) {
                      return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == ':';
                    });
  return good ? OkStatus()
              : Usage(std::string(flag) + ": '" + EscapeForDisplay(name) +
                          "' cannot stand in a certificate",
                      "use up to 64 letters, digits, '.', '-' and '_'");
}

std::string AlternativeName(const std::string& host) {
  in_addr v4{};
  in6_addr v6{};
  const bool address =
      ::inet_pton(AF_INET, host.c_str(), &v4) == 1 || ::inet_pton(AF_INET6, host.c_str(), &v6) == 1;
  return (address ? "IP:" : "DNS:") + host;
}

struct Wanted {
  std::string file;
  Profile profile;
};

Result<std::vector<Wanted>> WantedOf(const CertsOptions& options) {
  std::vector<Wanted> wanted;
  std::vector<std::string> hosts;
  for (const std::string& name : options.servers) {
    PLUMB_RETURN_IF_ERROR(CheckName("--server", name));
    hosts.push_back(AlternativeName(name));
  }
  if (!hosts.empty()) {
    wanted.push_back(
        {"server", {options.servers.front(), Join(hosts, ","), "serverAuth", kLeafDays}});
  }
  for (const std::string& name : options.agents) {
    PLUMB_RETURN_IF_ERROR(CheckName("--agent", name));
    wanted.push_back(
        {"agent-" + name, {name, "URI:plumbline:agent:" + name, "clientAuth", kLeafDays}});
  }
  for (const std::string& name : options.clients) {
    PLUMB_RETURN_IF_ERROR(CheckName("--client", name));
    wanted.push_back(
        {"client-" + name, {name, "URI:plumbline:client:" + name, "clientAuth", kLeafDays}});
  }
  return wanted;
}

}  // namespace

Result<std::vector<std::string>> MakeCerts(const CertsOptions& options) {
  PLUMB_ASSIGN_OR_RETURN(const std::vector<Wanted> wanted, WantedOf(options));
  if (wanted.empty()) {
    return Usage("nobody is named who gets a certificate",
                 "write --server HOST, --agent BOARD or --client NAME");
  }
  for (const Wanted& one : wanted) {
    std::error_code ignored;
    for (const char* ending : {".pem", ".key"}) {
      if (fs::exists(options.folder / (one.file + ending), ignored)) {
        return AlreadyExistsError("'" + (options.folder / (one.file + ending)).string() +
                                  "' is there already")
            .WithReason(kReasonUsage)
            .WithHint("remove " + one.file + ".pem and .key to have them made anew");
      }
    }
  }
  const mode_t before = ::umask(077);
  const Status made = MakeFolders(options.folder);
  ::umask(before);
  PLUMB_RETURN_IF_ERROR(made);
  std::vector<std::string> lines;
  PLUMB_ASSIGN_OR_RETURN(const Pair authority, Authority(options.folder, lines));
  for (const Wanted& one : wanted) {
    PLUMB_ASSIGN_OR_RETURN(const Pair pair, MakePair(one.profile, &authority));
    PLUMB_RETURN_IF_ERROR(WritePair(options.folder, one.file, pair, lines));
  }
  return lines;
}

}  // namespace plumb::server
