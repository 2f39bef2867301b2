#include "tests/fuzz/caffe_seeds.h"

#include "tests/common/npu/import/caffe/model.h"

namespace plumb::fuzz {
namespace {

using testing::CaffeBlob;
using testing::CaffeWeights;
using testing::NetText;
using testing::OnnxMessage;
using testing::TextFile;

std::string Layer(const std::string& type,
                  const std::string& name,
                  const std::string& bottoms,
                  const std::string& rest = "") {
  return "layer { name: '" + name + "' type: '" + type + "' " + bottoms + " top: '" + name + "' " +
         rest + " }\n";
}

std::string After(const std::string& bottom) {
  return "bottom: '" + bottom + "'";
}

std::string Picture(const std::string& layers) {
  return NetText({1, 2, 4, 4}, layers);
}

std::string Windows() {
  return Picture(
      Layer("Convolution",
            "conv",
            After("x"),
            "convolution_param { num_output: 2 kernel_size: 3 pad: 1 dilation: 1 }") +
      Layer("DepthwiseConvolution",
            "depthwise",
            After("conv"),
            "convolution_param { num_output: 2 kernel_h: 3 kernel_w: 3 bias_term: false }") +
      Layer("Deconvolution",
            "deconv",
            After("depthwise"),
            "convolution_param { num_output: 2 kernel_size: 2 stride: 2 group: 2 }") +
      Layer("Pooling",
            "max",
            After("deconv"),
            "pooling_param { pool: MAX kernel_size: 3 stride: 2 pad: 1 }") +
      Layer("Pooling",
            "ave",
            After("max"),
            "pooling_param { pool: AVE kernel_size: 2 stride: 2 pad: 1 }") +
      Layer("Pooling", "all", After("conv"), "pooling_param { pool: AVE global_pooling: true }"));
}

std::string Normal() {
  return Picture(
      Layer("BatchNorm", "bn", After("x"), "batch_norm_param { eps: 0.01 }") +
      "layer { name: 'scale' type: 'Scale' bottom: 'bn' top: 'bn' scale_param { "
      "bias_term: true } }\n" +
      Layer("Bias", "bias", After("bn")) +
      Layer("LRN", "lrn", After("bias"), "lrn_param { local_size: 3 alpha: 0.1 }") +
      Layer(
          "LRN", "lrn2", After("lrn"), "lrn_param { norm_region: WITHIN_CHANNEL local_size: 3 }") +
      Layer("Normalize",
            "norm",
            After("lrn2"),
            "norm_param { across_spatial: false channel_shared: false }"));
}

std::string Activations() {
  return Picture(Layer("ReLU", "a", After("x"), "relu_param { negative_slope: 0.1 }") +
                 Layer("PReLU", "prelu", After("a")) + Layer("ELU", "b", After("prelu")) +
                 Layer("Sigmoid", "c", After("b")) +
                 Layer("Power", "d", After("c"), "power_param { power: 2 }") +
                 Layer("Exp", "e", After("d"), "exp_param { base: 2 scale: 0.5 shift: 1 }") +
                 Layer("Log", "f", After("e")) +
                 Layer("Clip", "g", After("f"), "clip_param { min: -1 max: 2 }") +
                 Layer("Swish", "h", After("g")) + Layer("BNLL", "i", After("h")) +
                 Layer("Dropout", "j", After("i")));
}

std::string Combined() {
  return Picture(
      "layer { name: 's' type: 'Slice' bottom: 'x' top: 's1' top: 's2' slice_param { "
      "axis: 1 slice_point: 1 } }\n" +
      Layer("Eltwise", "sum", After("s1") + After("s2"), "eltwise_param { coeff: [1, -0.5] }") +
      Layer("Eltwise", "max", After("s1") + After("s2"), "eltwise_param { operation: MAX }") +
      Layer("Concat", "both", After("sum") + After("max"), "concat_param { axis: 1 }") +
      Layer("Pooling", "small", After("both"), "pooling_param { kernel_size: 3 }") +
      Layer("Crop", "crop", After("both") + After("small"), "crop_param { offset: 1 }") +
      Layer("ShuffleChannel", "shuffle", After("crop"), "shuffle_channel_param { group: 2 }") +
      Layer("Interp", "zoom", After("shuffle"), "interp_param { zoom_factor: 2 }") +
      Layer("Upsample", "up", After("zoom"), "upsample_param { scale: 2 }"));
}

std::string Moves() {
  return Picture(
      Layer(
          "Permute", "nhwc", After("x"), "permute_param { order: 0 order: 2 order: 3 order: 1 }") +
      Layer("Flatten", "flat", After("nhwc")) +
      Layer("Reshape", "rows", After("flat"), "reshape_param { shape { dim: 0 dim: 8 dim: -1 } }") +
      Layer("Softmax", "prob", After("rows"), "softmax_param { axis: 2 }") +
      Layer("InnerProduct", "fc", After("x"), "inner_product_param { num_output: 3 }") +
      Layer("Reduction",
            "sum",
            After("fc"),
            "reduction_param { operation: ASUM axis: 1 coeff: 0.5 }"));
}

std::string OldFormat() {
  return "# the old format\nname: \"old\"\ninput: \"x\"\ninput_dim: 1 input_dim: 2 input_dim: 4 "
         "input_dim: 4\n"
         "layers { name: \"conv\" type: CONVOLUTION bottom: \"x\" top: \"conv\" blobs_lr: 1 "
         "weight_decay: 0 include { phase: TEST } convolution_param { num_output: 2 kernel_size: 3 "
         "} }\n"
         "layers { name: \"loss\" type: SOFTMAX_LOSS bottom: \"conv\" exclude < phase: TEST > }\n";
}

const std::vector<std::pair<std::string, std::vector<CaffeBlob>>>& AllWeights() {
  static const std::vector<std::pair<std::string, std::vector<CaffeBlob>>> kWeights = {
      {"conv", {{{2, 2, 3, 3}, std::vector<float>(36, 0.5F)}, {{2}, {1, -1}}}},
      {"depthwise", {{{2, 1, 3, 3}, std::vector<float>(18, 0.25F)}}},
      {"deconv", {{{2, 1, 2, 2}, std::vector<float>(8, 0.5F)}, {{2}, {0.5F, 0}}}},
      {"bn", {{{2}, {1, 2}}, {{2}, {3, 4}}, {{1}, {2}}}},
      {"scale", {{{2}, {2, 0.5F}}, {{2}, {1, -1}}}},
      {"bias", {{{2}, {1, 2}}}},
      {"norm", {{{2}, {10, 20}}}},
      {"prelu", {{{2}, {0.5F, 0.25F}}}},
      {"fc", {{{3, 32}, std::vector<float>(96, 0.125F)}, {{3}, {1, 2, 3}}}},
  };
  return kWeights;
}

// One layer of the old format, with data of double and data one by one.
Buffer OldWeights() {
  std::string doubles;
  for (int i = 0; i < 36; ++i) {
    doubles += std::string("\0\0\0\0\0\0\xE0\x3F", 8);
  }
  const OnnxMessage weights =
      OnnxMessage().Number(1, 2).Number(2, 2).Number(3, 3).Number(4, 3).Bytes(8, doubles);
  const OnnxMessage bias =
      OnnxMessage().Number(1, 1).Number(2, 1).Number(3, 1).Number(4, 2).Real(5, 1).Real(5, 2);
  return TextFile(
      OnnxMessage()
          .Bytes(1, "old")
          .Message(2, OnnxMessage().Bytes(4, "conv").Message(6, weights).Message(6, bias))
          .bytes());
}

}  // namespace

std::vector<std::pair<std::string, std::string>> PrototxtSeeds() {
  return {{"windows", Windows()},
          {"normal", Normal()},
          {"activations", Activations()},
          {"combined", Combined()},
          {"moves", Moves()},
          {"old_format", OldFormat()}};
}

Buffer CaffeWeightsFile() {
  CaffeWeights weights;
  for (const auto& [name, blobs] : AllWeights()) {
    weights.Layer(name, blobs);
  }
  return weights.File();
}

Buffer CaffeNetFile() {
  return TextFile(
      Picture(Layer("Convolution",
                    "conv",
                    After("x"),
                    "convolution_param { num_output: 2 kernel_size: 3 pad: 1 }") +
              Layer("BatchNorm", "bn", After("conv")) +
              Layer("Scale", "scale", After("bn"), "scale_param { bias_term: true }") +
              Layer("PReLU", "prelu", After("scale")) + Layer("Bias", "bias", After("prelu")) +
              Layer("Normalize", "norm", After("bias"), "norm_param { channel_shared: false }") +
              Layer("InnerProduct", "fc", After("norm"), "inner_product_param { num_output: 3 }")));
}

std::vector<std::pair<std::string, Buffer>> CaffemodelSeeds() {
  CaffeWeights one;
  one.Layer(AllWeights().front().first, AllWeights().front().second);
  return {{"all", CaffeWeightsFile()}, {"one", one.File()}, {"old_format", OldWeights()}};
}

}  // namespace plumb::fuzz
