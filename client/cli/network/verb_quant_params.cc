// `plumb quant-params`: the quantisation table of a fixed model.
#include "client/cli/frame/verbs.h"
#include "client/cli/option/model_file.h"
#include "common/base/file.h"
#include "common/dump/quantization_table.h"
#include "common/npu/quantize/table.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

class QuantParamsVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {"quant-params",
            "Write the quantisation table of a fixed model in the vendor's JSON",
            "One entry for each tensor and each operation's weights: name, min, max and bit, as\n"
            "the vendor's save_quant_param.py writes them. 'plumb quantize --quant-params' makes\n"
            "the same fixed model of it again, byte for byte.",
            "plumb quant-params --model face_fixed.plm"};
  }

  void Declare(CLI::App& app) override {
    app.add_option("--model", model_, "Fixed model, made by 'plumb quantize'")
        ->type_name("FIXED")
        ->required();
    app.add_option("--out", out_, "Where to write the table; default: <model>.json beside it")
        ->type_name("F.json");
  }

  Result<int> Run(VerbContext& context) override {
    PLUMB_ASSIGN_OR_RETURN(const auto model, LoadFixedModel(model_));
    PLUMB_ASSIGN_OR_RETURN(const auto table, npu::TableOf(*model));
    const std::string out = out_.empty() ? model_ + ".json" : out_;
    PLUMB_RETURN_IF_ERROR(
        WriteFileAtomically(out, dump::WriteQuantizationTable(table)).Annotate("--out"));
    const nlohmann::ordered_json json = {{"schema", "plumb.quant-params/1"},
                                         {"exit_code", kExitMatch},
                                         {"error", nullptr},
                                         {"out", out},
                                         {"entries", table.size()}};
    PLUMB_RETURN_IF_ERROR(context.json.Write(
        json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace)));
    context.console.Conclude({{"wrote " + out + ": " + std::to_string(table.size()) + " entries"}});
    return kExitMatch;
  }

 private:
  std::string model_;
  std::string out_;
};

}  // namespace

std::unique_ptr<Verb> MakeQuantParamsVerb() {
  return std::make_unique<QuantParamsVerb>();
}

}  // namespace plumb::client
