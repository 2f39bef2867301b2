#include "common/ring/wire_desc.h"

#include <limits>

#include <gmock/gmock.h>

#include "common/ring/message_io.h"

namespace plumb {
namespace {

using testing::HasSubstr;

TensorDesc SomeDesc() {
  TensorDesc desc;
  desc.name = "scores";
  desc.element_type = ElementType::kInt16;
  desc.shape = {1, 2, 3, 5};
  desc.inner_stride = 16;
  desc.scale = 0.5F;
  desc.zero_point = -3;
  desc.aligned_size = 128;
  desc.payload_size = 96;
  desc.layout = Layout::kNchw;
  desc.width_alignment = 16;
  desc.height_alignment = 2;
  return desc;
}

ring::TensorRecord SomeRecord() {
  return ToTensorRecord(SomeDesc()).value();
}

TEST(WireDescTest, KeepsEverything) {
  const auto desc = FromTensorRecord(SomeRecord());
  ASSERT_TRUE(desc.ok()) << desc.status().ToString();
  EXPECT_EQ(*desc, SomeDesc());
}

TEST(WireDescTest, FormatsAreTheBoardsNumbers) {
  EXPECT_EQ(SomeRecord().mi_format, 2U);  // MI_IPU_FORMAT_INT16
  TensorDesc desc = SomeDesc();
  desc.element_type = ElementType::kFloat64;
  EXPECT_FALSE(ToTensorRecord(desc).ok());
}

TEST(WireDescTest, NamesTheNameless) {
  ring::TensorRecord record = SomeRecord();
  record.name[0] = '\0';
  record.role = ring::TensorRole::kOutput;
  record.index = 4;
  EXPECT_EQ(FromTensorRecord(record)->name, "output 4");
}

struct Lie {
  const char* what;
  void (*tell)(ring::TensorRecord&);
};

class WireDescLieTest : public testing::TestWithParam<Lie> {};

TEST_P(WireDescLieTest, IsRefused) {
  ring::TensorRecord record = SomeRecord();
  GetParam().tell(record);
  EXPECT_EQ(FromTensorRecord(record).status().code(), StatusCode::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(
    All,
    WireDescLieTest,
    testing::Values(Lie{"format", [](auto& r) { r.mi_format = 11; }},
                    Lie{"unknown format", [](auto& r) { r.mi_format = 6; }},
                    Lie{"rank", [](auto& r) { r.rank = 11; }},
                    Lie{"huge rank", [](auto& r) { r.rank = 0xFFFFFFFF; }},
                    Lie{"dimension", [](auto& r) { r.dims[0] = 0x80000000; }},
                    Lie{"product", [](auto& r) { r.dims[0] = r.dims[1] = r.dims[2] = 0x7FFFFFFF; }},
                    Lie{"stride", [](auto& r) { r.inner_stride = 9; }},
                    Lie{"buffer", [](auto& r) { r.aligned_size = r.payload_size = 89; }},
                    Lie{"payload", [](auto& r) { r.payload_size = 129; }},
                    Lie{"scale", [](auto& r) { r.scale = std::numeric_limits<float>::infinity(); }},
                    Lie{"layout", [](auto& r) { r.layout = 2; }},
                    Lie{"name",
                        [](auto& r) { ring::WriteText(r.name, sizeof r.name, "a\x1b[2J"); }}));

}  // namespace
}  // namespace plumb
