#include <array>
#include <utility>

#include "common/analysis/diagnose.h"

namespace plumb::analysis {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 23> kAdvice = {{
    {"rounding_profile",
     "The chip rounds otherwise than the simulator. Give the simulator the chip's profile; if that "
     "makes it equal, the model and the input are right and nothing else needs to be looked for."},
    {"stale_output",
     "The output buffer shows an earlier result. Check that the cache of the output is invalidated "
     "before it is read, that the right buffer of the pool is read, and that the Invoke that was "
     "waited for is the one that was started."},
    {"unwritten_output",
     "Nobody wrote this output. Check that the buffer given to Invoke is the one that is read, its "
     "physical address, and that the model has this output at this index."},
    {"not_repeatable",
     "The same input gives different outputs, so no comparison can be trusted yet. Look for "
     "another "
     "process on the NPU, uninitialised input padding, missing cache flushes, and clocks or "
     "voltage "
     "at the limit."},
    {"element_format",
     "The descriptor names another element format than the buffer holds. Check whether the model "
     "was converted with dequantized outputs and read the buffer in that format."},
    {"padding_as_data",
     "Rows are read with the wrong pitch. Use the inner stride that the runtime reports; if that "
     "is "
     "what was done, the runtime reports a wrong one: check its version against the model's SDK."},
    {"scaled",
     "One factor lies between the two. Compare the output scales of both models, and whether one "
     "side is dequantized twice or not at all."},
    {"constant_offset",
     "One constant lies between the two. Compare the zero points of both sides and the mean that "
     "the input is normalised with."},
    {"layout",
     "One side is NHWC, the other NCHW. Permute it once, where the tensor is read, and check that "
     "the model's input has the layout it was trained with."},
    {"channel_order",
     "The channels are reversed, as RGB against BGR. Compare the colour order of the model's input "
     "configuration with what the picture was decoded to."},
    {"shifted_rows",
     "Rows are displaced. Check the offset at which the buffer is read, the crop of the input and "
     "the padding of its height."},
    {"shifted_columns",
     "Columns are displaced. Check the offset at which the buffer is read, the crop of the input "
     "and the padding of its width."},
    {"zero_point_128",
     "Unsigned and signed 8-bit values are mixed up. Subtract the zero point of 128 exactly once."},
    {"saturation",
     "Values were cut at the end of the range. Calibrate with data that covers this input, or give "
     "the tensor 16 bits."},
    {"scaled_and_offset",
     "A factor and a constant lie between the two. Compare mean and std of the input configuration "
     "with what the preprocessing does, and scale and zero point of both sides."},
    {"out_of_calibration",
     "The values are larger than calibration saw, so they were cut. Calibrate with samples that "
     "cover "
     "this input, or give the tensor 16 bits."},
    {"tile_stripe",
     "A band of rows, columns or channels is wrong and the rest is not. Rows and columns: look at "
     "how "
     "the operator is cut into tiles and at buffers that are reused too early. Channels: look at "
     "their weights, scales and biases."},
    {"edge_only",
     "Only the border is wrong. Compare the padding of the operator: SAME against explicit, its "
     "value "
     "(zero or the zero point), and on which side an odd one lies."},
    {"wrong_model",
     "The two sides ran different models. Nothing else is worth looking at: run both again with "
     "one "
     "file."},
    {"wrong_input", "The two sides had different inputs. Run both again with one input file."},
    {"runner_hung",
     "The IPU or its driver hangs. After a time-out, try a longer --timeout once. If it still "
     "hangs, "
     "or the runtime itself reports it, reboot the board, look into /sys/dla/ipu_log and check the "
     "model with the vendor's own tool."},
    {"runner_crashed",
     "The vendor's library took its process down. Check that the model was compiled for this chip "
     "and SDK; the last lines that the runner printed are in the message."},
    {"out_of_memory",
     "The board has too little memory for this model. Free memory, enlarge the MMA heap, or use a "
     "smaller model or batch."},
}};

}  // namespace

std::string_view AdviceFor(std::string_view cause) {
  for (const auto& [known, advice] : kAdvice) {
    if (known == cause) {
      return advice;
    }
  }
  return "";
}

}  // namespace plumb::analysis
