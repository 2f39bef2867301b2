// Sparse weights: both examples are worked out by hand from the schema's description of the format.
#include <gmock/gmock.h>

#include "common/npu/import/tflite/tflite.h"
#include "tests/common/npu/import/tflite/writer.h"

namespace plumb::npu {
namespace {

using plumb::testing::FlatNode;
using plumb::testing::TfliteWriter;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using tflite::Builtin;
using tflite::DimensionField;
using tflite::SparseIndex;
using tflite::SparsityField;
using Type = tflite::TensorType;

FlatNode Dense(int32_t size) {
  return FlatNode().Scalar(DimensionField::kDenseSize, size);
}

template <class T>
FlatNode Sparse(SparseIndex type, const std::vector<T>& segments, const std::vector<T>& indices) {
  FlatNode dimension;
  dimension.Scalar(DimensionField::kFormat, int8_t{1});
  dimension.Scalar(DimensionField::kSegmentsType, static_cast<uint8_t>(type));
  dimension.Table(DimensionField::kSegmentsType + 1, FlatNode().Vector(0, segments));
  dimension.Scalar(DimensionField::kIndicesType, static_cast<uint8_t>(type));
  dimension.Table(DimensionField::kIndicesType + 1, FlatNode().Vector(0, indices));
  return dimension;
}

FlatNode Sparsity(const std::vector<int32_t>& order,
                  const std::vector<int32_t>& block_map,
                  std::vector<FlatNode> dimensions) {
  FlatNode sparsity;
  sparsity.Vector(SparsityField::kOrder, order);
  sparsity.Vector(SparsityField::kBlockMap, block_map);
  sparsity.Tables(SparsityField::kDimensions, std::move(dimensions));
  return sparsity;
}

// y = x + DENSIFY(w).
Result<Graph> ImportSum(const std::vector<int32_t>& shape,
                        const std::vector<float>& stored,
                        FlatNode sparsity) {
  TfliteWriter writer;
  const int32_t x = writer.Tensor("x", shape);
  const int32_t sparse = writer.Tensor<float>("sparse", shape, Type::kFloat32, stored);
  writer.At(sparse).Table(tflite::TensorField::kSparsity, std::move(sparsity));
  const int32_t w = writer.Tensor("w", shape);
  const int32_t y = writer.Tensor("y", shape);
  writer.Op(Builtin::kDensify, {sparse}, {w});
  writer.Op(Builtin::kAdd, {x, w}, {y});
  return ImportTflite(writer.File({x}, {y}), "test");
}

std::vector<float> WeightsOf(const Result<Graph>& graph) {
  EXPECT_TRUE(graph.ok()) << graph.status().ToString();
  if (!graph.ok() || graph->ops.size() != 1) {
    return {};
  }
  return ConstantAsFloats(graph->tensors[graph->ops[0].inputs[1]]);
}

TEST(SparseWeights, RowsListTheirColumns) {
  // Row 0 has column 2; row 1 columns 0 and 3.
  std::vector<FlatNode> dimensions = {Dense(2),
                                      Sparse<int32_t>(SparseIndex::kInt32, {0, 1, 3}, {2, 0, 3})};
  EXPECT_THAT(WeightsOf(ImportSum({2, 4}, {5, 6, 7}, Sparsity({0, 1}, {}, dimensions))),
              ElementsAre(0, 0, 5, 0, 6, 0, 0, 7));
}

TEST(SparseWeights, BlocksAreStoredWhole) {
  // Blocks of 2 by 2: (0, 0) = 1 0 / 0 4, (0, 1) = 2 3 / 0 0 and (1, 1) = 5 0 / 0 6.
  const std::vector<float> stored = {1, 0, 0, 4, 2, 3, 0, 0, 5, 0, 0, 6};
  for (const SparseIndex type : {SparseIndex::kUint8, SparseIndex::kUint16}) {
    const FlatNode columns = type == SparseIndex::kUint8
                                 ? Sparse<uint8_t>(type, {0, 2, 3}, {0, 1, 1})
                                 : Sparse<uint16_t>(type, {0, 2, 3}, {0, 1, 1});
    const FlatNode sparsity =
        Sparsity({0, 1, 2, 3}, {0, 1}, {Dense(2), columns, Dense(2), Dense(2)});
    EXPECT_THAT(WeightsOf(ImportSum({4, 4}, stored, sparsity)),
                ElementsAre(1, 0, 2, 3, 0, 4, 0, 0, 0, 0, 5, 0, 0, 0, 0, 6));
  }
}

struct Lie {
  const char* complaint;
  std::vector<int32_t> order;
  std::vector<int32_t> segments;
  std::vector<int32_t> indices;
  int32_t rows = 2;
};

TEST(SparseWeights, LiesAreRefused) {
  const std::vector<Lie> lies = {
      {"outside the tensor", {0, 1}, {0, 1, 3}, {2, 0, 4}},
      {"segments", {0, 1}, {0, 3, 1}, {2, 0, 3}},
      {"segments", {0, 1}, {0, 1, 2}, {2, 0, 3}},
      {"segments", {0, 1}, {0, 3}, {2, 0, 3}},
      {"segments", {0, 1}, {}, {}},
      {"another number of elements", {0, 1}, {0, 1, 2}, {2, 0}},
      {"each dimension once", {0, 0}, {0, 1, 3}, {2, 0, 3}},
      {"each dimension once", {0, 5}, {0, 1, 3}, {2, 0, 3}},
      {"each dimension once", {0}, {0, 1, 3}, {2, 0, 3}},
      {"another size", {0, 1}, {0, 1, 3}, {2, 0, 3}, 1 << 30},
      {"another size", {0, 1}, {0, 1, 3}, {2, 0, 3}, -1},
  };
  for (const Lie& lie : lies) {
    const Status status =
        ImportSum({2, 4},
                  {5, 6, 7},
                  Sparsity(lie.order,
                           {},
                           {Dense(lie.rows),
                            Sparse<int32_t>(SparseIndex::kInt32, lie.segments, lie.indices)}))
            .status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr(lie.complaint));
    EXPECT_THAT(status.message(), HasSubstr("tensor 1"));
  }
}

TEST(SparseWeights, BlocksMustDivideTheTensor) {
  const FlatNode columns = Sparse<uint8_t>(SparseIndex::kUint8, {0, 1, 1}, {0});
  const FlatNode sparsity = Sparsity({0, 1, 2}, {1}, {Dense(2), columns, Dense(3)});
  const Status status = ImportSum({2, 4}, {1, 2, 3}, sparsity).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr("do not divide"));
}

}  // namespace
}  // namespace plumb::npu
