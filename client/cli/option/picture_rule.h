// What a picture means to a network: colour order, mean and standard deviation, and where the
// person said so (docs/cli.md, "Pictures").
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/frame/console.h"
#include "common/dump/input_config.h"
#include "common/preprocess/color.h"

namespace CLI {
class App;
}

namespace plumb::client {

struct PictureFlags {
  std::string mean;
  std::string std_dev;
  std::string color;
  std::string input_config;
};

// Adds --mean --std --color --input-config.
void AddPictureFlags(CLI::App& app, PictureFlags& flags);

struct PictureRule {
  preprocess::ColorOrder order = preprocess::ColorOrder::kRgb;
  preprocess::Normalization normalization;
  // The configuration says RAWDATA: the input is no picture.
  bool raw = false;
  // The order was stated, not assumed.
  bool order_stated = false;
};

// What the rules need to know of a network's input.
struct RuledInput {
  size_t index = 0;
  std::string name;
  int64_t channels = 3;
  bool takes_pixels = false;  // an integer input: mean and std are not asked for
};

// Everything about pictures that is known before the model's inputs are.
class PictureRules {
 public:
  // Reads --input-config, else <model stem>.ini beside the model (for "x_fixed.plm" also "x.ini").
  // Prints the ini's warnings. A usage error names the flag or the file that cannot be read.
  static Result<PictureRules> Load(const PictureFlags& flags,
                                   const std::filesystem::path& model,
                                   Console& console);

  // A usage error with the line where the file of --input-config names what the network does not
  // have (common/dump/input_config.h); OK without that flag.
  [[nodiscard]] Status CheckNames(const dump::NetworkNames& network) const;

  // The rule for `input`: flags before configuration before 127.5, 127.5, RGB (GRAY for one
  // channel). Whatever had to be assumed is printed.
  Result<PictureRule> For(const RuledInput& input, Console& console) const;

  // The order that --color or the configuration states for an input; empty when none does.
  [[nodiscard]] std::optional<preprocess::ColorOrder> StatedOrder(size_t index,
                                                                  const std::string& name) const;

  // All of the file of --input-config; nullptr for an ini merely found beside the model, of which
  // only mean, std and training_input_formats count.
  [[nodiscard]] const dump::InputConfig* full_config() const {
    return explicit_ ? &config_ : nullptr;
  }

 private:
  [[nodiscard]] const dump::ConfiguredInput* Configured(size_t index,
                                                        const std::string& name) const;

  PictureFlags flags_;
  std::optional<dump::PerColor> mean_;
  std::optional<dump::PerColor> std_dev_;
  std::optional<preprocess::ColorOrder> order_;
  dump::InputConfig config_;
  std::string config_path_;  // empty: none
  bool explicit_ = false;
};

}  // namespace plumb::client
