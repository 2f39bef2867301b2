#include "common/dump/simulator_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "common/base/text.h"

namespace plumb::dump {
namespace {

constexpr std::string_view kTitleEnd = "Tensor:";
constexpr size_t kMaxTensors = 4096;

bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

// The whole word as a number: digits, "inf", "nan", "-nan".
std::optional<double> NumberOf(std::string_view word) {
  double value = 0;
  const char* const end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, value);
  return error == std::errc() && stop == end ? std::optional<double>(value) : std::nullopt;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<std::vector<Tensor>> Parse() {
    std::vector<Tensor> tensors;
    while (SkipSpace()) {
      if (tensors.size() == kMaxTensors) {
        return Wrong("it holds more than " + std::to_string(kMaxTensors) + " tensors");
      }
      PLUMB_ASSIGN_OR_RETURN(Tensor tensor, ParseTensor(tensors.size()));
      tensors.push_back(std::move(tensor));
    }
    if (tensors.empty()) {
      return Wrong("it holds no tensor");
    }
    return tensors;
  }

 private:
  // Where the numbers are, and how many of them belong to the tensor.
  struct Shapes {
    std::optional<Shape> original;
    std::optional<Shape> alignment;
  };

  // False at the end.
  bool SkipSpace() {
    while (at_ < text_.size() && IsSpace(text_[at_])) {
      ++at_;
    }
    return at_ < text_.size();
  }

  std::string_view PeekWord() const {
    size_t end = at_;
    while (end < text_.size() && !IsSpace(text_[end])) {
      ++end;
    }
    return text_.substr(at_, end - at_);
  }

  std::string_view TakeLine() {
    const size_t end = std::min(text_.find('\n', at_), text_.size());
    const std::string_view line = text_.substr(at_, end - at_);
    at_ = std::min(end + 1, text_.size());
    return Trim(line);
  }

  Status Wrong(const std::string& what) const {
    const std::string where = name_.empty() ? "" : "tensor '" + EscapeForDisplay(name_) + "': ";
    return InvalidArgumentError(where + what)
        .WithHint(
            "the text must be whole, as simulator.py or prog_dla_simulator wrote it "
            "(docs/formats/simulator-text.md)");
  }

  Status ReadTitle(size_t index) {
    const std::string_view line = TakeLine();
    if (!line.ends_with(kTitleEnd)) {
      return Wrong("'" + EscapeForDisplay(line.substr(0, 80)) + "' is no 'NAME Tensor:' line");
    }
    name_ = Trim(line.substr(0, line.size() - kTitleEnd.size()));
    if (name_.empty()) {
      name_ = "output " + std::to_string(index);
    }
    if (!IsSafeName(name_)) {
      return Wrong("its name is not 1 to 255 bytes of text without control characters");
    }
    SkipSpace();
    return TakeLine() == "{" ? OkStatus() : Wrong("no '{' follows its name");
  }

  // "[1 2 3 ]", "[1, 2, 3]" after `label`, if the line has it.
  Status ReadShape(std::string_view line,
                   std::string_view label,
                   std::optional<Shape>* shape) const {
    const size_t start = line.find(label);
    if (start == std::string_view::npos) {
      return OkStatus();
    }
    const size_t open = line.find('[', start);
    const size_t close = open == std::string_view::npos ? open : line.find(']', open);
    if (close == std::string_view::npos) {
      return Wrong("'" + std::string(label) + "' is not followed by [ … ]");
    }
    std::string list(line.substr(open + 1, close - open - 1));
    std::replace(list.begin(), list.end(), ',', ' ');
    std::vector<int64_t> dims;
    for (const std::string& part : Split(list, ' ')) {
      const auto dim = ParseInt(Trim(part));
      if (!dim && !Trim(part).empty()) {
        return Wrong("'" + EscapeForDisplay(part) + "' is no dimension");
      }
      if (dim) {
        dims.push_back(*dim);
      }
    }
    auto read = Shape::Create(dims);
    if (!read.ok()) {
      return Wrong(read.status().message());
    }
    *shape = *read;
    return OkStatus();
  }

  // Lines up to the first number (or the closing brace) speak of the shape.
  Result<Shapes> ReadHeader() {
    Shapes shapes;
    while (SkipSpace()) {
      const std::string_view word = PeekWord();
      if (word == "}" || NumberOf(word)) {
        break;
      }
      const std::string_view line = TakeLine();
      PLUMB_RETURN_IF_ERROR(ReadShape(line, "Original shape:", &shapes.original));
      PLUMB_RETURN_IF_ERROR(ReadShape(line, "Alignment shape:", &shapes.alignment));
    }
    if (!shapes.original) {
      return Wrong("it has no 'Original shape:[ … ]'");
    }
    return shapes;
  }

  Result<std::vector<double>> ReadNumbers() {
    std::vector<double> numbers;
    while (SkipSpace()) {
      const std::string_view word = PeekWord();
      at_ += word.size();
      if (word == "}") {
        return numbers;
      }
      const auto number = NumberOf(word);
      if (!number) {
        return Wrong("'" + EscapeForDisplay(word.substr(0, 40)) + "' is no number");
      }
      numbers.push_back(*number);
    }
    return Wrong("the text ends before its '}'");
  }

  // The corner of the alignment shape that the original shape covers.
  Result<std::vector<double>> Crop(const std::vector<double>& padded,
                                   const Shape& alignment,
                                   const Shape& original) const {
    bool fits = alignment.rank() == original.rank() && original.rank() > 0;
    for (size_t axis = 0; fits && axis < original.rank(); ++axis) {
      fits = original[axis] <= alignment[axis];
    }
    if (!fits) {
      return Wrong("the original shape " + original.ToString() +
                   " does not fit into the alignment shape " + alignment.ToString());
    }
    const auto inner = static_cast<size_t>(original.innermost());
    const uint64_t rows = original.row_count().value_or(0);
    std::vector<double> values;
    values.reserve(rows * inner);
    for (uint64_t row = 0; row < rows && inner > 0; ++row) {
      const auto position = original.Unravel(row * inner);
      uint64_t from = 0;
      for (size_t axis = 0; axis < original.rank(); ++axis) {
        from = from * static_cast<uint64_t>(alignment[axis]) +
               static_cast<uint64_t>(position.at(axis));
      }
      const auto begin = padded.begin() + static_cast<std::ptrdiff_t>(from);
      values.insert(values.end(), begin, begin + static_cast<std::ptrdiff_t>(inner));
    }
    return values;
  }

  Result<Tensor> ParseTensor(size_t index) {
    name_.clear();
    PLUMB_RETURN_IF_ERROR(ReadTitle(index));
    PLUMB_ASSIGN_OR_RETURN(const Shapes shapes, ReadHeader());
    PLUMB_ASSIGN_OR_RETURN(std::vector<double> values, ReadNumbers());
    const Shape& printed = shapes.alignment ? *shapes.alignment : *shapes.original;
    if (printed.element_count() != values.size()) {
      return Wrong("it has " + std::to_string(values.size()) + " numbers, its shape " +
                   printed.ToString() + " makes another count");
    }
    if (shapes.alignment) {
      PLUMB_ASSIGN_OR_RETURN(values, Crop(values, *shapes.alignment, *shapes.original));
    }
    Tensor tensor;
    PLUMB_ASSIGN_OR_RETURN(tensor.desc,
                           MakeContiguousDesc(name_, ElementType::kFloat64, *shapes.original));
    std::vector<uint8_t> bytes(values.size() * sizeof(double));
    if (!bytes.empty()) {
      std::memcpy(bytes.data(), values.data(), bytes.size());
    }
    tensor.bytes = Buffer::FromVector(std::move(bytes));
    return tensor;
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string name_;
};

}  // namespace

bool LooksLikeSimulatorText(std::string_view text) {
  constexpr size_t kLongestTitle = 512;
  const std::string_view start = text.substr(0, kLongestTitle);
  const size_t first = start.find_first_not_of(" \t\r\n");
  const size_t end = first == std::string_view::npos ? first : start.find('\n', first);
  if (end == std::string_view::npos ||
      !Trim(start.substr(first, end - first)).ends_with(kTitleEnd)) {
    return false;
  }
  return Trim(start.substr(end)).starts_with('{');
}

Result<std::vector<Tensor>> ParseSimulatorText(std::string_view text) {
  return Parser(text).Parse();
}

}  // namespace plumb::dump
