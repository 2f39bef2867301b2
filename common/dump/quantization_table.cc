#include "common/dump/quantization_table.h"

#include <cmath>
#include <set>

#include "common/base/text.h"

#include <nlohmann/json.hpp>

namespace plumb::dump {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxEntries = 65536;
constexpr size_t kMaxDepth = 8;
constexpr uint8_t kPickleProtocol = 0x80;  // first byte of pickles since protocol 2

Status CheckEntry(const TableEntry& entry) {
  if (!IsSafeName(entry.name)) {
    return InvalidArgumentError("it has no usable name");
  }
  if (entry.min.empty() || entry.min.size() != entry.max.size()) {
    return InvalidArgumentError("it has " + std::to_string(entry.min.size()) + " min and " +
                                std::to_string(entry.max.size()) + " max values");
  }
  for (size_t i = 0; i < entry.min.size(); ++i) {
    if (!std::isfinite(entry.min[i]) || !std::isfinite(entry.max[i]) ||
        entry.min[i] > entry.max[i]) {
      return InvalidArgumentError("its range " + ShortestDouble(entry.min[i]) + " to " +
                                  ShortestDouble(entry.max[i]) + " is none");
    }
  }
  if (entry.bit != 4 && entry.bit != 8 && entry.bit != 16) {
    return InvalidArgumentError("its bit is neither 4, 8 nor 16");
  }
  return OkStatus();
}

// Takes the events of nlohmann's parser, so that no tree is built of what somebody else wrote.
class TableReader {
 public:
  bool null() { return Scalar("null"); }

  bool boolean(bool /*value*/) { return Scalar("a truth value"); }

  bool number_integer(int64_t value) { return Number(static_cast<double>(value)); }

  bool number_unsigned(uint64_t value) { return Number(static_cast<double>(value)); }

  bool number_float(double value, const std::string& /*text*/) { return Number(value); }

  bool string(const std::string& value) {
    if (InEntry() && key_ == "name" && depth_ == kEntryDepth) {
      entry_.name = value;
      return true;
    }
    return Scalar("text");
  }

  bool binary(const std::vector<uint8_t>& /*value*/) { return Scalar("bytes"); }

  bool start_array(size_t /*size*/) {
    const bool values = InEntry() && depth_ == kEntryDepth && (key_ == "min" || key_ == "max");
    if (depth_ == kEntryDepth && !values && IsOwnKey()) {
      return Wrong("a list");
    }
    return Open(depth_ == 0 || depth_ >= kEntryDepth, "a list");
  }

  bool end_array() { return Close(); }

  bool start_object(size_t /*size*/) {
    if (depth_ == 1) {
      entry_ = {};
      entry_.bit = 0;
      return entries_.size() < kMaxEntries
                 ? Open(true, "")
                 : Fail("it has more than " + std::to_string(kMaxEntries) + " entries");
    }
    if (IsOwnKey() && depth_ >= kEntryDepth) {
      return Wrong("an object");
    }
    return Open(depth_ >= kEntryDepth, "an object");
  }

  bool key(const std::string& key) {
    if (depth_ == kEntryDepth) {
      key_ = key;
    }
    return true;
  }

  bool end_object() {
    if (depth_ == kEntryDepth) {
      const Status status = CheckEntry(entry_);
      if (!status.ok()) {
        return Fail("entry " + Where() + ": " + status.message());
      }
      if (!names_.insert(entry_.name).second) {
        return Fail("entry " + Where() + ": the name comes twice");
      }
      entries_.push_back(std::move(entry_));
      key_.clear();
    }
    return Close();
  }

  bool parse_error(size_t position, const std::string& /*token*/, const Json::exception& /*why*/) {
    return Fail("it is no JSON at byte " + std::to_string(position));
  }

  Result<std::vector<TableEntry>> Take() && {
    if (!failure_.empty()) {
      return InvalidArgumentError(failure_);
    }
    return std::move(entries_);
  }

 private:
  static constexpr size_t kEntryDepth = 2;

  [[nodiscard]] bool InEntry() const { return depth_ >= kEntryDepth; }

  [[nodiscard]] bool IsOwnKey() const {
    return key_ == "name" || key_ == "min" || key_ == "max" || key_ == "bit";
  }

  [[nodiscard]] std::string Where() const {
    return std::to_string(entries_.size()) +
           (entry_.name.empty() ? "" : " '" + EscapeForDisplay(entry_.name) + "'");
  }

  bool Fail(const std::string& what) {
    if (failure_.empty()) {
      failure_ = what;
    }
    return false;
  }

  bool Wrong(const std::string& what) {
    return Fail("entry " + Where() + ": '" + key_ + "' is " + what);
  }

  bool Open(bool fits, const std::string& what) {
    if (!fits) {
      return Fail("it is no list of entries but holds " + what);
    }
    ++depth_;
    return depth_ <= kMaxDepth || Fail("it is nested too deeply");
  }

  bool Close() {
    --depth_;
    return true;
  }

  bool Number(double value) {
    if (!InEntry()) {
      return Scalar("a number");
    }
    if (depth_ == kEntryDepth + 1 && (key_ == "min" || key_ == "max")) {
      (key_ == "min" ? entry_.min : entry_.max).push_back(value);
      return true;
    }
    if (depth_ == kEntryDepth && key_ == "bit") {
      entry_.bit = value == 4 || value == 8 || value == 16 ? static_cast<int>(value) : 0;
      return true;
    }
    return Scalar("a number");
  }

  // A value that is none of an entry's own.
  bool Scalar(const std::string& what) {
    if (!InEntry()) {
      return Fail("it is no list of entries but holds " + what);
    }
    return !IsOwnKey() || Wrong(what);
  }

  size_t depth_ = 0;
  std::string key_;  // of the entry that is being read
  TableEntry entry_;
  std::vector<TableEntry> entries_;
  std::set<std::string> names_;
  std::string failure_;
};

}  // namespace

Result<std::vector<TableEntry>> ParseQuantizationTable(std::span<const uint8_t> bytes) {
  if (bytes.size() > kMaxTableSize) {
    return InvalidArgumentError("a quantisation table of " + HumanBytes(bytes.size()));
  }
  if (!bytes.empty() && bytes.front() == kPickleProtocol) {
    return UnimplementedError(
               "the quantisation table is a pickle: a program for Python, which is not run")
        .WithHint("write it as JSON: save_quant_param.py --output_mode JSON");
  }
  TableReader reader;
  Json::sax_parse(bytes.begin(), bytes.end(), &reader);
  auto entries = std::move(reader).Take();
  if (!entries.ok()) {
    return entries.status()
        .Annotate("the quantisation table is not well-formed")
        .WithHint(R"(it is a list of {"name": …, "min": […], "max": […], "bit": 8 or 16})");
  }
  return entries;
}

std::string WriteQuantizationTable(std::span<const TableEntry> entries) {
  constexpr int kIndent = 4;
  Json list = Json::array();
  for (const TableEntry& entry : entries) {
    list.push_back(
        {{"name", entry.name}, {"min", entry.min}, {"max", entry.max}, {"bit", entry.bit}});
  }
  return list.dump(kIndent, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace plumb::dump
