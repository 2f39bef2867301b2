#include "common/npu/model/model.h"

namespace plumb::npu {

Clamp StoredRange(ElementType type) {
  switch (type) {
    case ElementType::kUint8:
      return {0, 255};
    case ElementType::kInt8:
      return {-128, 127};
    case ElementType::kInt16:
      return {-32768, 32767};
    default:
      return {0, 0};
  }
}

}  // namespace plumb::npu
