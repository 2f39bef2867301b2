// --virtual FAMILY[,fault=F], the same for every verb that starts a virtual board.
#pragma once

#include <string>

#include "common/base/status.h"
#include "common/tensor/family.h"

namespace plumb::client {

struct VirtualSpec {
  Family family = Family::kS3;
  std::string fault;  // empty: none
};

// "S6" or "S6,fault=noise" with a known family and fault; a usage error that lists what there is.
Result<VirtualSpec> ParseVirtualSpec(const std::string& spec);

}  // namespace plumb::client
