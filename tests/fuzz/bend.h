// Wire messages that are nearly right.
#pragma once

#include <string>

#include <google/protobuf/message_lite.h>

#include "tests/fuzz/fuzz.h"

namespace plumb::fuzz {

// `message` with a few of its bytes changed, dropped or put in, as the input says; mostly as it is.
inline std::string Bent(const google::protobuf::MessageLite& message, Input& input) {
  std::string bytes = message.SerializeAsString();
  if (input.Below(4) != 3) {
    return bytes;
  }
  for (uint32_t i = 0, count = input.Below(4); i < count && !bytes.empty(); ++i) {
    const size_t at = input.Number<uint8_t>() % bytes.size();
    const auto value = input.Number<char>();
    switch (input.Below(3)) {
      case 0:
        bytes[at] = value;
        break;
      case 1:
        bytes.insert(at, 1, value);
        break;
      default:
        bytes.erase(at, 1);
    }
  }
  return bytes;
}

}  // namespace plumb::fuzz
