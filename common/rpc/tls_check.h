// What can be said of certificates before anybody is dialled.
#pragma once

#include "common/base/status.h"

namespace plumb::rpc {

struct TlsIdentity;

// Parses authority, certificate and key. kInvalidArgument with kReasonUsage, naming the flag: no
// PEM, a key of another certificate, a certificate that has ended or has not begun.
Status CheckPem(const TlsIdentity& identity);

}  // namespace plumb::rpc
