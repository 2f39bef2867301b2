// `plumb dump`: every layer of a network on one input as a DumpDebug file.
#include "client/cli/frame/usage.h"
#include "client/cli/frame/verbs.h"
#include "client/cli/network/dump_stages.h"
#include "client/cli/option/input_shape_option.h"
#include "common/base/text.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

class DumpVerb : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {
        "dump",
        "Write every layer of a network as a DumpDebug file",
        "Runs the network on one input and writes what each layer computed, as the vendor's\n"
        "tools do, for 'plumb compare', 'plumb layers' and auto_dump_debug.sh. A TFLite, ONNX or\n"
        "Caffe model runs in its framework's own engine (--stage framework; 'plumb doctor' says\n"
        "which are there) or in ours (--stage float), a fixed or offline model in its integers\n"
        "(--stage fixed), written dequantised. Names and layout are the same for all stages.",
        "plumb dump --model face.tflite --input astronaut.png --out face_float.bin"};
  }

  void Declare(CLI::App& app) override {
    app.add_option(
           "--model",
           request_.model,
           "TFLite, ONNX or Caffe model (prototxt or caffemodel, the other beside it), fixed "
           "model or offline model")
        ->type_name("M")
        ->required();
    app.add_option("--input",
                   request_.input,
                   "Picture, npy or raw float32; for an offline model also its input bytes. "
                   "Several inputs: a,b")
        ->type_name("X")
        ->required();
    app.add_option("--stage",
                   stage_,
                   "framework, float or fixed; default: float or fixed, as the "
                   "model is")
        ->type_name("framework|float|fixed")
        ->check(CLI::IsMember({"framework", "float", "fixed"}));
    app.add_option("--engine",
                   request_.engine,
                   "The framework's engine for --stage framework: libonnxruntime.so, the folder of "
                   "TFLite's runtime, or a plug-in; default: where tools/install-deps --frameworks "
                   "and tools/fetch-tflite put them")
        ->type_name("PATH");
    app.add_option("--timeout", timeout_, "How long --stage framework may take")
        ->type_name("TIME")
        ->capture_default_str();
    AddInputShapes(app, input_shapes_);
    AddPictureFlags(app, request_.pictures);
    AddScriptFlags(app, request_.script);
    app.add_option("--out", request_.out, "Where to write the dump")->type_name("F")->required();
  }

  Result<int> Run(VerbContext& context) override {
    PLUMB_ASSIGN_OR_RETURN(request_.shapes, InputShapesFrom(input_shapes_));
    const auto timeout = ParseDurationMs(timeout_);
    if (!timeout || *timeout <= 0) {
      return UsageError("--timeout is " + EscapeForDisplay(timeout_), "write e.g. 30s or 5m");
    }
    request_.timeout = std::chrono::milliseconds(*timeout);
    if (!request_.engine.empty() && stage_ != "framework") {
      return UsageError("--engine is for --stage framework", "add --stage framework");
    }
    PLUMB_ASSIGN_OR_RETURN(const DumpResult result, Dump(context));
    return Conclude(result, context);
  }

 private:
  Result<DumpResult> Dump(VerbContext& context) {
    if (stage_ == "framework") {
      return DumpFramework(request_, context);
    }
    PLUMB_ASSIGN_OR_RETURN(const ModelFile file, LoadModelFile(request_.model, request_.shapes));
    if (stage_ == "fixed" && file.fixed == nullptr) {
      return UsageError("--stage fixed: " + request_.model + " is a float model",
                        "make a fixed model first: plumb quantize --model " + request_.model +
                            " --calibrate PICTURES --out F_fixed.plm");
    }
    if (stage_ == "float" && file.graph == nullptr) {
      return UsageError("--stage float: " + request_.model + " holds integers only",
                        "give the TFLite, ONNX or Caffe model it was made of");
    }
    stage_ = file.graph != nullptr ? "float" : "fixed";
    return file.graph != nullptr ? DumpFloat(request_, file.graph, context)
                                 : DumpFixed(request_, file.fixed, context);
  }

  Result<int> Conclude(const DumpResult& result, VerbContext& context) {
    const DumpCounts& counts = result.counts;
    PLUMB_RETURN_IF_ERROR(context.json.Write(
        nlohmann::ordered_json({{"schema", "plumb.dump/1"},
                                {"exit_code", kExitMatch},
                                {"error", nullptr},
                                {"out", request_.out},
                                {"stage", stage_},
                                {"engine", result.engine},
                                {"layers", counts.layers},
                                {"constants", counts.constants},
                                {"unreadable", counts.unreadable}})
            .dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace)));
    for (const std::string& tensor : counts.unreadable) {
      context.console.Say(
          {{"not written, the engine cannot show it: ", Style::kWarning}, {tensor}});
    }
    const std::string left_out =
        counts.unreadable.empty()
            ? ""
            : ", " + std::to_string(counts.unreadable.size()) + " that cannot be shown left out";
    context.console.Conclude(
        {{"wrote " + request_.out + ": " + std::to_string(counts.layers) + " layers, " +
          std::to_string(counts.constants) + " constants, " + stage_ +
          (result.engine.empty() ? "" : " (" + result.engine + ")") + left_out}});
    return kExitMatch;
  }

  DumpRequest request_;
  std::string stage_;
  std::string timeout_ = "5m";
  std::vector<std::string> input_shapes_;
};

}  // namespace

std::unique_ptr<Verb> MakeDumpVerb() {
  return std::make_unique<DumpVerb>();
}

}  // namespace plumb::client
