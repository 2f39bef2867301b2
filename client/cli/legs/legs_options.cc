#include "client/cli/frame/usage.h"
#include "client/cli/legs/run_legs.h"
#include "client/cli/option/input_shape_option.h"

#include <CLI/CLI.hpp>

namespace plumb::client {

void AddLegsOptions(CLI::App& app, LegsOptions& options) {
  app.add_flag("--live",
               options.live,
               "Run the network now on --input, in up to five ways, and compare those");
  app.add_option("--model",
                 options.model,
                 "TFLite, ONNX or Caffe network; with --mode isolated the fixed model")
      ->type_name("NET");
  app.add_option("--quantised,--quantized", options.quantised, "Its fixed model, of plumb quantize")
      ->type_name("M.plm");
  app.add_option("--offline",
                 options.offline,
                 "Its offline model; default: the fixed model compiled in memory")
      ->type_name("M.img");
  app.add_option("--input",
                 options.input,
                 "Picture, npy or raw float32; the same for all legs. Several inputs: a,b")
      ->type_name("X");
  app.add_option("--stages",
                 options.stages,
                 "Which legs; a leg that is named and cannot be run is exit 5. Default: all that "
                 "can be run")
      ->type_name("framework,float,fixed,simulator,board");
  app.add_option("--virtual", options.virtual_spec, "The virtual board's family, and a fault of it")
      ->type_name("FAMILY[,fault=F]");
  app.add_option("--engine", options.engine, "The framework's engine, as for plumb dump")
      ->type_name("PATH");
  app.add_option("--timeout", options.timeout, "How long the framework or the board may take")
      ->type_name("TIME")
      ->capture_default_str();
  AddInputShapes(app, options.shapes);
  AddPictureFlags(app, options.pictures);
  AddScriptFlags(app, options.script);
}

Status CheckLegsOptions(const LegsOptions& options, const std::string& others) {
  if (options.live && !others.empty()) {
    return UsageError("--live takes no dumps, --log, --map, --csv or --html",
                      "name the models with --model, --quantised and --offline; --json has it all");
  }
  const std::string given = options.model + options.quantised + options.offline + options.input +
                            options.stages + options.virtual_spec + options.engine;
  if (!options.live && !given.empty()) {
    return UsageError(
        "--model, --quantised, --offline, --input, --stages, --virtual and --engine "
        "are for --live",
        "add --live, or name two dumps");
  }
  return OkStatus();
}

}  // namespace plumb::client
