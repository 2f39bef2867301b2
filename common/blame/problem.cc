#include "common/blame/problem.h"

#include "common/analysis/pair_comparator.h"
#include "common/tensor/tensor_desc.h"

namespace plumb::blame {
namespace {

std::span<const uint8_t> BytesOf(std::span<const float> values) {
  return {reinterpret_cast<const uint8_t*>(values.data()), values.size_bytes()};
}

}  // namespace

Result<LayerError> ErrorOf(const std::string& name,
                           std::span<const float> reference,
                           std::span<const float> tensor,
                           const analysis::Tolerance& limits) {
  if (reference.size() != tensor.size()) {
    return InternalError("tensors of different sizes are compared");
  }
  const auto count = static_cast<int64_t>(reference.size());
  PLUMB_ASSIGN_OR_RETURN(const Shape shape, Shape::Create(std::vector<int64_t>{count}));
  PLUMB_ASSIGN_OR_RETURN(const TensorDesc desc,
                         MakeContiguousDesc(name, ElementType::kFloat32, shape));
  PLUMB_ASSIGN_OR_RETURN(auto comparator, analysis::PairComparator::Create(desc, desc, limits));
  PLUMB_RETURN_IF_ERROR(comparator.Advance(analysis::LegInMemory(BytesOf(reference)),
                                           analysis::LegInMemory(BytesOf(tensor))));
  const analysis::TensorReport report = comparator.Report();
  return LayerError{report.cosine,
                    report.relative_l1,
                    report.relative_l2,
                    report.verdict == analysis::Verdict::kMatch,
                    report.rule};
}

}  // namespace plumb::blame
