// Writes the few messages of onnx.proto that a float network needs, as protobuf wire format.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace plumb::bench {

// A protobuf message under construction; fields by number.
class WireMessage {
 public:
  void Number(int field, int64_t value);
  void Bytes(int field, std::string_view bytes);

  void Message(int field, const WireMessage& message) { Bytes(field, message.bytes_); }

  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  void Varint(uint64_t value);

  std::string bytes_;
};

// A network in construction: nodes in the order of execution.
class OnnxWriter {
 public:
  struct Attribute {
    std::string name;
    std::vector<int64_t> values;
    bool list = true;  // ints, else int
  };

  void AddNode(std::string_view op,
               const std::vector<std::string>& inputs,
               const std::string& output,
               const std::vector<Attribute>& attributes = {});
  void AddFloats(const std::string& name, std::span<const int64_t> dims, std::span<const float> v);
  void AddIntegers(const std::string& name, std::span<const int64_t> values);
  void AddInput(const std::string& name, std::span<const int64_t> dims);
  void AddOutput(const std::string& name, std::span<const int64_t> dims);

  // The whole file: IR version 8, operator set 13.
  [[nodiscard]] std::string Finish() const;

 private:
  void AddTensor(const std::string& name,
                 int type,
                 std::span<const int64_t> dims,
                 std::string_view bytes);

  WireMessage graph_;
};

}  // namespace plumb::bench
