#include "common/analysis/adopted_scale.h"

#include "common/base/text.h"

namespace plumb::analysis {
namespace {

bool CanLackAScale(ElementType type) {
  return IsInteger(type) && !IsPicture(type) && type != ElementType::kBool;
}

std::string Adopt(const TensorDesc& from, TensorDesc& to, const char* lacking, const char* owner) {
  to.scale = from.scale;
  to.zero_point = from.zero_point;
  return std::string("the ") + lacking + " reports no scale, so the " + owner + "'s " +
         ShortestDouble(static_cast<double>(from.scale)) + " is used for both";
}

}  // namespace

std::string AdoptScale(TensorDesc& reference, TensorDesc& target) {
  const bool lacking_reference = reference.scale == 0;
  const bool lacking_target = target.scale == 0;
  if (reference.element_type != target.element_type || !CanLackAScale(target.element_type) ||
      lacking_reference == lacking_target) {
    return "";
  }
  return lacking_target ? Adopt(reference, target, "target", "reference")
                        : Adopt(target, reference, "reference", "target");
}

}  // namespace plumb::analysis
