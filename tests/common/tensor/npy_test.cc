#include "common/tensor/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/tensor/notation.h"

namespace plumb {
namespace {

using testing::HasSubstr;

// A file as numpy writes it: magic, version, length, header, data.
Buffer File(int version, std::string header, const std::string& data) {
  std::string text = "\x93NUMPY";
  text += static_cast<char>(version);
  text += '\0';
  const size_t length = header.size();
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) {
    text += static_cast<char>(length >> (8 * i) & 0xFF);
  }
  return Buffer::FromString(text + header + data);
}

std::string Header(const std::string& descr, const std::string& order, const std::string& shape) {
  return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }  \n";
}

std::string Read(const Buffer& file) {
  const auto tensor = ParseNpy("a", file);
  return tensor.ok() ? FormatTensor(*tensor).value() : tensor.status().message();
}

std::string Bytes(std::initializer_list<int> bytes) {
  return {bytes.begin(), bytes.end()};
}

TEST(Npy, ReadsEveryVersionOfTheFormat) {
  const std::string data = Bytes({1, 0, 2, 0, 0xFF, 0xFF, 4, 0, 5, 0, 6, 0});
  for (const int version : {1, 2, 3}) {
    EXPECT_EQ(Read(File(version, Header("<i2", "False", "(2, 3)"), data)), "2x3xs16=1,2,-1,4,5,6");
  }
}

TEST(Npy, ReadsTheBytesThatNumpyWrites) {
  // np.save of np.array([1.5, -2], dtype='<f4') by numpy 1.24: header padded to 128 bytes in all.
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
  header.append(128 - 10 - header.size() - 1, ' ');
  header += '\n';
  EXPECT_EQ(Read(File(1, header, Bytes({0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0}))), "2xf32=1.5,-2");
}

TEST(Npy, ReadsScalarsAndEmptyArrays) {
  EXPECT_EQ(Read(File(1, Header("|u1", "False", "()"), Bytes({7}))), "u8=7");
  EXPECT_EQ(Read(File(1, Header("<f4", "False", "(0, 3)"), "")), "0x3xf32=");
}

TEST(Npy, FortranOrderIsFineWhereItIsTheSame) {
  EXPECT_EQ(Read(File(1, Header("|i1", "True", "(1, 3)"), Bytes({1, 2, 3}))), "1x3xs8=1,2,3");
  EXPECT_THAT(Read(File(1, Header("|i1", "True", "(2, 2)"), Bytes({1, 2, 3, 4}))),
              HasSubstr("Fortran order"));
}

TEST(Npy, KnowsItsElementTypes) {
  const auto type_of = [](const std::string& descr, size_t size) {
    const auto tensor =
        ParseNpy("a", File(1, Header(descr, "False", "(1,)"), std::string(size, 0)));
    return tensor.ok() ? std::string(ElementTypeName(tensor->desc.element_type))
                       : tensor.status().message();
  };
  EXPECT_EQ(type_of("<f2", 2), "f16");
  EXPECT_EQ(type_of("<f8", 8), "f64");
  EXPECT_EQ(type_of("=f8", 8), "f64");
  EXPECT_EQ(type_of("|b1", 1), "bool");
  EXPECT_EQ(type_of("<i8", 8), "s64");
  EXPECT_EQ(type_of("<u2", 2), "u16");
  EXPECT_EQ(type_of("<c8", 8), "c64");
  EXPECT_THAT(type_of(">f4", 4), HasSubstr("big-endian"));
  EXPECT_THAT(type_of("<u4", 4), HasSubstr("'<u4' is not supported"));
  EXPECT_THAT(type_of("|O", 8), HasSubstr("not supported"));
  EXPECT_THAT(type_of("|S5", 5), HasSubstr("not supported"));
}

TEST(Npy, RefusesHostileHeaders) {
  const std::string data(24, 0);
  for (const std::string& header :
       {std::string(),
        std::string("{"),
        std::string("{}"),
        std::string("{'descr'"),
        std::string("{'descr': '<f4"),
        Header("<f4", "False", "(2, 3)") + "x",
        Header("<f4", "Maybe", "(2, 3)"),
        Header("<f4", "False", "(2, -3)"),
        Header("<f4", "False", "(2, 3"),
        Header("<f4", "False", "2, 3)"),
        Header("<f4", "False", "(99999999999999999999,)"),
        Header("<f4", "False", "(4294967296, 4294967296)"),
        Header("<f4", "False", "(2147483647, 2147483647, 2147483647)"),
        Header("<f4", "False", "(1,1,1,1,1,1,1,1,1,2,3)"),
        std::string("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,)}"),
        std::string("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (6,)}"),
        std::string("{'descr': '<f4', 'fortran_order': False, 'shape': (6,), 'x': 1}"),
        std::string("{'descr': '<f4', 'shape': (6,)}"),
        std::string("__import__('os').system('true')")}) {
    EXPECT_EQ(ParseNpy("a", File(1, header, data)).status().code(), StatusCode::kInvalidArgument)
        << header;
  }
}

TEST(Npy, RefusesMissingAndSurplusData) {
  const std::string header = Header("<f4", "False", "(2, 3)");
  EXPECT_TRUE(ParseNpy("a", File(1, header, std::string(24, 0))).ok());
  EXPECT_THAT(Read(File(1, header, std::string(23, 0))), HasSubstr("23 bytes of data"));
  EXPECT_THAT(Read(File(1, header, std::string(25, 0))), HasSubstr("25 bytes of data"));
}

TEST(Npy, EveryTruncationIsRefused) {
  const Buffer whole = File(2, Header("<f4", "False", "(2,)"), std::string(8, 0));
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(ParseNpy("a", whole.Slice(0, size)).ok()) << size;
  }
  EXPECT_FALSE(ParseNpy("a", File(4, Header("<f4", "False", "(2,)"), std::string(8, 0))).ok());
  EXPECT_FALSE(IsNpy(Buffer::FromString("\x93NUMP")));
}

TEST(Npy, WritesWhatItReadsWithoutPadding) {
  Tensor tensor = *ParseTensor("a", "2x3xs16=1,2,3,4,5,6");
  tensor.desc.inner_stride = 8;
  tensor.desc.aligned_size = 16;
  tensor.bytes =
      Buffer::FromString(Bytes({1, 0, 2, 0, 3, 0, 0x55, 0x55, 4, 0, 5, 0, 6, 0, 0x55, 0x55}));
  const auto bytes = SerializeNpy(tensor);
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(bytes->size(), 128U + 12U);
  const Buffer file = Buffer::FromVector(*bytes);
  EXPECT_EQ(file.Slice(0, 10).view(), std::string_view("\x93NUMPY\x01\0\x76\0", 10));
  EXPECT_THAT(std::string(file.view()),
              HasSubstr("{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }"));
  EXPECT_EQ(Read(file), "2x3xs16=1,2,3,4,5,6");
  for (const char* text : {"f32=1.5", "4xbool=0,1,1,0", "1x1x2xf64=1e-300,nan", "0xf32="}) {
    EXPECT_EQ(Read(Buffer::FromVector(*SerializeNpy(*ParseTensor("a", text)))), text);
  }
}

TEST(Npy, PicturesAreNotWritten) {
  TensorDesc desc;
  desc.element_type = ElementType::kNv12;
  desc.shape = {1, 2, 2, 3};
  desc.aligned_size = 6;
  EXPECT_FALSE(SerializeNpy({desc, Buffer::FromString("123456")}).ok());
}

}  // namespace
}  // namespace plumb
