#include "common/archive/recording_json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "common/archive/desc_json.h"
#include "common/archive/json_reader.h"
#include "common/base/sha256.h"
#include "common/base/text.h"
#include "common/runner/limits.h"

#include <nlohmann/json.hpp>

namespace plumb::archive {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kSchema = "plumb.recording/1";

std::string HexOf(uint64_t digest) {
  std::array<uint8_t, 8> bytes{};
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes.at(i) = static_cast<uint8_t>(digest >> (56U - 8U * i));
  }
  return ToHex(bytes.data(), bytes.size());
}

std::optional<uint64_t> ParseHex(std::string_view text) {
  uint64_t digest = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), digest, 16);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && text.size() == 16 ? std::optional<uint64_t>(digest) : std::nullopt;
}

Json DigestsToJson(const std::vector<uint64_t>& digests) {
  Json json = Json::array();
  for (const uint64_t digest : digests) {
    json.push_back(HexOf(digest));
  }
  return json;
}

Result<uint32_t> Uint32(const JsonReader& json, std::string_view key) {
  PLUMB_ASSIGN_OR_RETURN(const uint64_t value,
                         json.Uint(key, std::numeric_limits<uint32_t>::max()));
  return static_cast<uint32_t>(value);
}

Result<uint64_t> Digest(const JsonReader& json, std::string_view key) {
  PLUMB_ASSIGN_OR_RETURN(const std::string text, json.String(key));
  const auto digest = ParseHex(text);
  if (!digest) {
    return json.Wrong(key, "16 hexadecimal digits");
  }
  return *digest;
}

Result<std::string> Sha256Text(const JsonReader& json, std::string_view key, bool may_be_empty) {
  PLUMB_ASSIGN_OR_RETURN(std::string text, json.String(key));
  if (!IsSha256Hex(text) && !(may_be_empty && text.empty())) {
    return json.Wrong(key, "64 lower-case hexadecimal digits");
  }
  return text;
}

Result<std::vector<JsonReader>> TensorList(const JsonReader& json, std::string_view key) {
  PLUMB_ASSIGN_OR_RETURN(auto list, json.Objects(key));
  if (list.size() > kMaxRecordedTensors) {
    return json.Wrong(key, "a list of at most " + std::to_string(kMaxRecordedTensors));
  }
  return list;
}

Status ReadIdentity(const JsonReader& json, Recording& recording) {
  PLUMB_ASSIGN_OR_RETURN(recording.identity.source, json.String("source"));
  PLUMB_ASSIGN_OR_RETURN(recording.identity.board, json.String("board"));
  PLUMB_ASSIGN_OR_RETURN(recording.model.sdk, json.String("sdk"));
  PLUMB_ASSIGN_OR_RETURN(recording.identity.model_sha256, Sha256Text(json, "model_sha256", true));
  PLUMB_ASSIGN_OR_RETURN(recording.identity.input_sha256, json.Strings("input_sha256"));
  if (json.Has("text_decimals")) {
    PLUMB_ASSIGN_OR_RETURN(const uint64_t decimals, json.Uint("text_decimals", kMaxTextDecimals));
    recording.model.text_decimals = static_cast<uint32_t>(decimals);
  }
  const auto& inputs = recording.identity.input_sha256;
  const bool well_formed = std::all_of(inputs.begin(), inputs.end(), [](const auto& digest) {
    return digest.empty() || IsSha256Hex(digest);
  });
  if (!well_formed || inputs.size() > kMaxRecordedTensors) {
    return json.Wrong("input_sha256", "a list of digests of 64 hexadecimal digits");
  }
  return OkStatus();
}

Status ReadOutputs(const JsonReader& json, Recording& recording) {
  PLUMB_ASSIGN_OR_RETURN(const auto outputs, TensorList(json, "outputs"));
  for (const auto& item : outputs) {
    PLUMB_ASSIGN_OR_RETURN(TensorDesc desc, DescFromJson(item, DescKeys::kAll));
    PLUMB_ASSIGN_OR_RETURN(const ValidRegion region, ValidRegionOf(desc));
    RecordedOutput output;
    PLUMB_ASSIGN_OR_RETURN(output.sha256, Sha256Text(item, "sha256", false));
    PLUMB_ASSIGN_OR_RETURN(output.valid_digest, Digest(item, "valid_xxh3_64"));
    PLUMB_ASSIGN_OR_RETURN(output.canary_size, item.Uint("canary_size", region.valid_size()));
    recording.outputs.push_back(std::move(output));
    recording.model.outputs.push_back(std::move(desc));
  }
  return OkStatus();
}

Status ReadProbe(const JsonReader& json, Recording& recording) {
  if (json.IsNull("probe")) {
    return OkStatus();
  }
  PLUMB_ASSIGN_OR_RETURN(const auto probe, json.Object("probe"));
  PLUMB_ASSIGN_OR_RETURN(recording.probe_input_was_zero, probe.Bool("input_was_zero"));
  PLUMB_ASSIGN_OR_RETURN(const auto texts, probe.Strings("valid_xxh3_64"));
  if (texts.size() != recording.outputs.size()) {
    return probe.Wrong("valid_xxh3_64", "one digest per output");
  }
  std::vector<uint64_t> digests;
  for (const auto& text : texts) {
    const auto digest = ParseHex(text);
    if (!digest) {
      return probe.Wrong("valid_xxh3_64", "digests of 16 hexadecimal digits");
    }
    digests.push_back(*digest);
  }
  recording.probe_digests = std::move(digests);
  return OkStatus();
}

Status ReadRepetitions(const JsonReader& json, Recording& recording) {
  PLUMB_ASSIGN_OR_RETURN(recording.repetitions, Uint32(json, "repetitions"));
  PLUMB_ASSIGN_OR_RETURN(recording.invoke_ms, json.Numbers("invoke_ms"));
  PLUMB_ASSIGN_OR_RETURN(const auto differing, json.Objects("differing"));
  if (recording.invoke_ms.size() > std::min<size_t>(recording.repetitions, kMaxRecordedInvokes)) {
    return json.Wrong("invoke_ms", "a list of at most one time per repetition");
  }
  if (differing.size() > kMaxRecordedDiffering) {
    return json.Wrong("differing", "a list of at most " + std::to_string(kMaxRecordedDiffering));
  }
  for (const auto& item : differing) {
    TensorEnd end;
    PLUMB_ASSIGN_OR_RETURN(end.repetition, Uint32(item, "repetition"));
    PLUMB_ASSIGN_OR_RETURN(end.index, Uint32(item, "output"));
    PLUMB_ASSIGN_OR_RETURN(end.valid_digest, Digest(item, "valid_xxh3_64"));
    if (end.repetition == 0 || end.repetition >= recording.repetitions ||
        end.index >= recording.outputs.size()) {
      return item.Wrong("repetition", "a later repetition of one of the outputs");
    }
    recording.differing.push_back(end);
  }
  return OkStatus();
}

}  // namespace

std::string RecordingToJson(const Recording& recording) {
  Json json;
  json["schema"] = kSchema;
  json["source"] = JsonText(recording.identity.source);
  json["board"] = JsonText(recording.identity.board);
  json["sdk"] = JsonText(recording.model.sdk);
  json["model_sha256"] = recording.identity.model_sha256;
  json["input_sha256"] = recording.identity.input_sha256;
  if (recording.model.text_decimals != 0) {
    json["text_decimals"] = recording.model.text_decimals;
  }
  json["repetitions"] = recording.repetitions;
  json["invoke_ms"] = recording.invoke_ms;
  json["probe"] = nullptr;
  if (recording.probe_digests) {
    json["probe"] = {{"input_was_zero", recording.probe_input_was_zero},
                     {"valid_xxh3_64", DigestsToJson(*recording.probe_digests)}};
  }
  json["inputs"] = Json::array();
  for (const auto& input : recording.model.inputs) {
    json["inputs"].push_back(DescToJson(input));
  }
  json["outputs"] = Json::array();
  for (size_t i = 0; i < recording.outputs.size(); ++i) {
    Json output = DescToJson(recording.model.outputs.at(i));
    output["sha256"] = recording.outputs[i].sha256;
    output["valid_xxh3_64"] = HexOf(recording.outputs[i].valid_digest);
    output["canary_size"] = recording.outputs[i].canary_size;
    json["outputs"].push_back(std::move(output));
  }
  json["differing"] = Json::array();
  for (const auto& end : recording.differing) {
    json["differing"].push_back({{"repetition", end.repetition},
                                 {"output", end.index},
                                 {"valid_xxh3_64", HexOf(end.valid_digest)}});
  }
  return json.dump(2) + "\n";
}

Result<Recording> RecordingFromJson(std::string_view text) {
  PLUMB_ASSIGN_OR_RETURN(const auto json, JsonReader::Parse(text));
  PLUMB_ASSIGN_OR_RETURN(const std::string schema, json.String("schema"));
  if (schema != kSchema) {
    return json.Wrong("schema", std::string(kSchema));
  }
  Recording recording;
  PLUMB_RETURN_IF_ERROR(ReadIdentity(json, recording));
  PLUMB_ASSIGN_OR_RETURN(const auto inputs, TensorList(json, "inputs"));
  for (const auto& item : inputs) {
    PLUMB_ASSIGN_OR_RETURN(TensorDesc desc, DescFromJson(item, DescKeys::kAll));
    recording.model.inputs.push_back(std::move(desc));
  }
  PLUMB_RETURN_IF_ERROR(ReadOutputs(json, recording));
  PLUMB_RETURN_IF_ERROR(ReadProbe(json, recording));
  PLUMB_RETURN_IF_ERROR(ReadRepetitions(json, recording));
  return recording;
}

}  // namespace plumb::archive
