// Legs of runs for the tests of the archive.
#pragma once

#include <xxhash.h>

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/archive/recording.h"

namespace plumb::archive {

inline const std::string kModelSha(64, 'a');
inline const std::string kInputSha(64, 'b');

// 3 rows of 2 int16, 8 bytes apart; `seed` sets the values and the padding.
inline Tensor PaddedOutput(const std::string& name, uint8_t seed) {
  Tensor tensor;
  tensor.desc.name = name;
  tensor.desc.element_type = ElementType::kInt16;
  tensor.desc.shape = {1, 3, 2};
  tensor.desc.inner_stride = 8;
  tensor.desc.scale = 0.1F;
  tensor.desc.zero_point = -3;
  tensor.desc.aligned_size = 64;
  tensor.desc.payload_size = 24;
  std::vector<uint8_t> bytes(64);
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<uint8_t>(seed + 7 * i);
  }
  tensor.bytes = Buffer::FromVector(std::move(bytes));
  return tensor;
}

// XXH3-64 of the 12 valid bytes of PaddedOutput, gathered by hand.
inline uint64_t PaddedDigest(const Tensor& tensor) {
  std::vector<uint8_t> valid;
  for (const size_t begin : {0U, 8U, 16U}) {
    valid.insert(valid.end(), tensor.bytes.data() + begin, tensor.bytes.data() + begin + 4);
  }
  return XXH3_64bits(valid.data(), valid.size());
}

inline ModelInfo InfoOf(const std::vector<Tensor>& outputs) {
  ModelInfo info;
  info.sdk = "virtual IPU S3";
  TensorDesc input;
  input.name = "input";
  input.element_type = ElementType::kNv12;
  input.shape = {1, 4, 4, 3};
  input.aligned_size = 24;
  input.layout = Layout::kNhwc;
  input.width_alignment = 16;
  info.inputs.push_back(input);
  for (const auto& output : outputs) {
    info.outputs.push_back(output.desc);
  }
  return info;
}

// Feeds one run, in chunks of 10 bytes.
inline Status Feed(TensorSink& sink, const std::vector<Tensor>& outputs) {
  PLUMB_RETURN_IF_ERROR(sink.OnModel(InfoOf(outputs)));
  PLUMB_RETURN_IF_ERROR(sink.OnProbe(std::vector<uint64_t>(outputs.size(), 5), false));
  PLUMB_RETURN_IF_ERROR(sink.OnInvoke({0, 1.25}));
  for (uint32_t index = 0; index < outputs.size(); ++index) {
    const auto& bytes = outputs[index].bytes;
    for (uint64_t offset = 0; offset < bytes.size(); offset += 10) {
      PLUMB_RETURN_IF_ERROR(sink.OnChunk(0, index, offset, bytes.Slice(offset, 10)).status());
    }
    PLUMB_RETURN_IF_ERROR(sink.OnTensorEnd({0, index, PaddedDigest(outputs[index]), 2}).status());
  }
  return OkStatus();
}

inline RecordingIdentity IdentityNamed(const std::string& source) {
  return {source, kModelSha, {kInputSha}, "camera-7"};
}

// Writes a finished leg.
inline void WriteLeg(const std::filesystem::path& folder, const std::vector<Tensor>& outputs) {
  auto writer = RecordingWriter::Create(folder, IdentityNamed("board camera-7"));
  ASSERT_TRUE(writer.ok()) << writer.status().ToString();
  const Status fed = Feed(**writer, outputs);
  ASSERT_TRUE(fed.ok()) << fed.ToString();
  const Status finished = (*writer)->Finish();
  ASSERT_TRUE(finished.ok()) << finished.ToString();
}

}  // namespace plumb::archive
