#include "common/rpc/convert.h"

#include <functional>
#include <limits>

#include <gtest/gtest.h>

#include "common/rpc/chunks.h"
#include "common/rpc/limits.h"
#include "common/runner/failure.h"

namespace plumb::rpc {
namespace {

// 1x7x13 INT16 with rows padded to 16 elements: 7 rows of 26 valid bytes, 32 apart.
TensorDesc PaddedDesc() {
  TensorDesc desc;
  desc.name = "scores";
  desc.element_type = ElementType::kInt16;
  desc.shape = Shape{1, 7, 13};
  desc.inner_stride = 32;
  desc.scale = 0.25F;
  desc.zero_point = -3;
  desc.aligned_size = 256;
  desc.payload_size = 224;
  desc.layout = Layout::kNchw;
  desc.width_alignment = 16;
  desc.height_alignment = 2;
  return desc;
}

ModelInfo Model() {
  return {{MakeContiguousDesc("image", ElementType::kUint8, Shape{1, 4, 4, 3}).value()},
          {PaddedDesc()},
          "virtual IPU S6, generation C"};
}

using Spoil = std::function<void(v1::TensorDesc&)>;

void ExpectRefused(const std::string& what, const Spoil& spoil) {
  v1::TensorDesc wire = ToProto(PaddedDesc());
  spoil(wire);
  const auto desc = FromProto(wire);
  ASSERT_FALSE(desc.ok()) << what;
  EXPECT_EQ(desc.status().code(), StatusCode::kInvalidArgument) << what;
  EXPECT_EQ(desc.status().reason(), kReasonProtocol) << what;
}

TEST(TensorDescConvertTest, ThereAndBackIsTheSame) {
  const auto desc = FromProto(ToProto(PaddedDesc()));
  ASSERT_TRUE(desc.ok()) << desc.status().ToString();
  EXPECT_EQ(*desc, PaddedDesc());
}

TEST(TensorDescConvertTest, EveryElementTypeSurvives) {
  for (int i = 1; i <= static_cast<int>(ElementType::kBool); ++i) {
    TensorDesc desc = PaddedDesc();
    desc.element_type = static_cast<ElementType>(i);
    desc.inner_stride = 0;
    desc.aligned_size = 1'024;
    const auto back = FromProto(ToProto(desc));
    ASSERT_TRUE(back.ok()) << i << ": " << back.status().ToString();
    EXPECT_EQ(back->element_type, desc.element_type);
  }
}

TEST(TensorDescConvertTest, AScalarAndAnEmptyTensorAreValid) {
  for (const Shape& shape : {Shape{}, Shape{1, 0, 4}}) {
    const TensorDesc desc = MakeContiguousDesc("x", ElementType::kFloat32, shape).value();
    const auto back = FromProto(ToProto(desc));
    ASSERT_TRUE(back.ok()) << back.status().ToString();
    EXPECT_EQ(*back, desc);
  }
}

TEST(TensorDescConvertTest, RefusesUnknownEnums) {
  ExpectRefused("no type", [](v1::TensorDesc& d) { d.clear_element_type(); });
  ExpectRefused("type 16",
                [](v1::TensorDesc& d) { d.set_element_type(static_cast<v1::ElementType>(16)); });
  ExpectRefused("type -1",
                [](v1::TensorDesc& d) { d.set_element_type(static_cast<v1::ElementType>(-1)); });
  ExpectRefused("no layout", [](v1::TensorDesc& d) { d.clear_layout(); });
  ExpectRefused("layout 3", [](v1::TensorDesc& d) { d.set_layout(static_cast<v1::Layout>(3)); });
}

TEST(TensorDescConvertTest, RefusesImpossibleShapes) {
  ExpectRefused("negative", [](v1::TensorDesc& d) { d.set_shape(1, -1); });
  ExpectRefused("2^31", [](v1::TensorDesc& d) { d.set_shape(1, int64_t{1} << 31); });
  ExpectRefused("rank 11", [](v1::TensorDesc& d) {
    d.mutable_shape()->Clear();
    for (int i = 0; i < 11; ++i) {
      d.add_shape(1);
    }
  });
  ExpectRefused("2^93 elements", [](v1::TensorDesc& d) {
    for (int i = 0; i < 3; ++i) {
      d.set_shape(i, std::numeric_limits<int32_t>::max());
    }
  });
}

TEST(TensorDescConvertTest, RefusesSizesThatDoNotAgree) {
  ExpectRefused("stride below row", [](v1::TensorDesc& d) { d.set_inner_stride(25); });
  ExpectRefused("one byte short", [](v1::TensorDesc& d) {
    d.set_aligned_size(6 * 32 + 26 - 1);
    d.set_payload_size(0);
  });
  ExpectRefused("stride beyond the buffer", [](v1::TensorDesc& d) { d.set_inner_stride(64); });
  ExpectRefused("payload above size", [](v1::TensorDesc& d) { d.set_payload_size(257); });
  ExpectRefused("above 1 GiB", [](v1::TensorDesc& d) { d.set_aligned_size(kMaxTensorBytes + 1); });
  ExpectRefused("2^64-1", [](v1::TensorDesc& d) {
    d.set_aligned_size(std::numeric_limits<uint64_t>::max());
  });
  // Exactly enough is enough.
  v1::TensorDesc wire = ToProto(PaddedDesc());
  wire.set_aligned_size(6 * 32 + 26);
  wire.set_payload_size(0);
  EXPECT_TRUE(FromProto(wire).ok());
}

TEST(TensorDescConvertTest, RefusesStrangeNamesAndScales) {
  ExpectRefused("empty", [](v1::TensorDesc& d) { d.clear_name(); });
  ExpectRefused("control", [](v1::TensorDesc& d) { d.set_name("a\x1b[2J"); });
  ExpectRefused("256", [](v1::TensorDesc& d) { d.set_name(std::string(256, 'n')); });
  ExpectRefused("nan",
                [](v1::TensorDesc& d) { d.set_scale(std::numeric_limits<float>::quiet_NaN()); });
  ExpectRefused("inf",
                [](v1::TensorDesc& d) { d.set_scale(std::numeric_limits<float>::infinity()); });
}

// A vendor's runtime may report anything as a name; it must not stop the run.
TEST(TensorDescConvertTest, NamesFromTheRuntimeAreMadeFitToSend) {
  for (const std::string& name :
       {std::string(), std::string("\xff\xfe"), std::string("a\nb"), std::string(999, 'x')}) {
    TensorDesc desc = PaddedDesc();
    desc.name = name;
    const auto back = FromProto(ToProto(desc));
    EXPECT_TRUE(back.ok()) << back.status().ToString();
  }
}

TEST(ModelInfoConvertTest, ThereAndBackIsTheSame) {
  const auto info = FromProto(ToProto(Model()));
  ASSERT_TRUE(info.ok()) << info.status().ToString();
  EXPECT_EQ(info->inputs, Model().inputs);
  EXPECT_EQ(info->outputs, Model().outputs);
  EXPECT_EQ(info->sdk, Model().sdk);
}

TEST(ModelInfoConvertTest, RefusesNoneTooManyAndTooMuch) {
  v1::ModelInfo none = ToProto(Model());
  none.clear_outputs();
  EXPECT_FALSE(FromProto(none).ok());
  v1::ModelInfo many = ToProto(Model());
  while (many.inputs_size() <= kMaxTensors) {
    *many.add_inputs() = many.inputs(0);
  }
  EXPECT_FALSE(FromProto(many).ok());
  v1::ModelInfo much = ToProto(Model());
  much.mutable_outputs(0)->set_aligned_size(kMaxTensorBytes);
  for (int i = 0; i < 3; ++i) {
    *much.add_outputs() = much.outputs(0);
  }
  EXPECT_TRUE(FromProto(much).ok());
  *much.add_outputs() = ToProto(PaddedDesc());
  EXPECT_FALSE(FromProto(much).ok());
}

TEST(ArtifactConvertTest, OnlyDigestsInTheirOneForm) {
  Artifact artifact{"/somewhere", std::string(64, 'a'), 12};
  const auto back = FromProto(ToProto(artifact));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->sha256, artifact.sha256);
  EXPECT_EQ(back->size, 12u);
  EXPECT_TRUE(back->path.empty());
  for (const std::string& digest : {std::string(63, 'a'),
                                    std::string(64, 'A'),
                                    std::string("../../etc/passwd"),
                                    std::string(61, 'a') + "/..",
                                    std::string()}) {
    artifact.sha256 = digest;
    EXPECT_FALSE(FromProto(ToProto(artifact)).ok()) << digest;
  }
  artifact.sha256 = std::string(64, '0');
  artifact.size = kMaxArtifactSize;
  EXPECT_TRUE(FromProto(ToProto(artifact)).ok());
  artifact.size = kMaxArtifactSize + 1;
  EXPECT_FALSE(FromProto(ToProto(artifact)).ok());
}

TEST(ProtocolTest, OnlyTheSameMajorNumberTalks) {
  EXPECT_TRUE(CheckProtocol(CurrentProtocol(), "server").ok());
  v1::ProtocolVersion newer_minor = CurrentProtocol();
  newer_minor.set_minor(99);
  EXPECT_TRUE(CheckProtocol(newer_minor, "server").ok());
  for (const uint32_t major : {0U, 2U}) {
    v1::ProtocolVersion other;
    other.set_major(major);
    const Status status = CheckProtocol(other, "server");
    EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
    EXPECT_EQ(status.reason(), kReasonVersionMismatch);
    EXPECT_NE(status.message().find(std::to_string(major) + ".0"), std::string::npos);
  }
}

TEST(DataChunkConvertTest, TakesBytesOutWithTheirChecksum) {
  v1::DataChunk chunk = MakeDataChunk(7, Buffer::FromString("abc"));
  EXPECT_EQ(chunk.offset(), 7u);
  EXPECT_EQ(chunk.xxh3(), 0x78af5f94892f3950U);
  EXPECT_EQ(TakeBytes(chunk).value().view(), "abc");
}

TEST(DataChunkConvertTest, RefusesDamageAndWrongSizes) {
  v1::DataChunk damaged = MakeDataChunk(0, Buffer::FromString("abc"));
  damaged.set_data("abd");
  EXPECT_EQ(TakeBytes(damaged).status().code(), StatusCode::kDataLoss);
  v1::DataChunk empty = MakeDataChunk(0, Buffer());
  EXPECT_EQ(TakeBytes(empty).status().reason(), kReasonProtocol);
  v1::DataChunk large = MakeDataChunk(0, Buffer::FromVector(std::vector<uint8_t>(kChunkSize + 1)));
  EXPECT_EQ(TakeBytes(large).status().reason(), kReasonProtocol);
}

TEST(CheckIdsTest, TakeOnlyTheirAlphabet) {
  EXPECT_TRUE(CheckRunId("20260722-Ab_9").ok());
  EXPECT_TRUE(CheckRunId(std::string(64, 'a')).ok());
  for (const std::string& id : {std::string(),
                                std::string(65, 'a'),
                                std::string("a/b"),
                                std::string(".."),
                                std::string("a b"),
                                std::string("a\0b", 3)}) {
    EXPECT_FALSE(CheckRunId(id).ok()) << id;
  }
  EXPECT_TRUE(CheckInstanceId(std::string(32, 'f')).ok());
  EXPECT_FALSE(CheckInstanceId(std::string(32, 'g')).ok());
  EXPECT_FALSE(CheckInstanceId(std::string(31, 'f')).ok());
}

}  // namespace
}  // namespace plumb::rpc
