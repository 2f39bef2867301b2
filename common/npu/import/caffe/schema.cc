#include "common/npu/import/caffe/schema.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "common/base/suggest.h"
#include "common/base/text.h"

namespace plumb::npu::caffe {
namespace {

// Field names separated by spaces. caffe.proto of BVLC Caffe 1.0; norm_param and permute_param of
// Caffe SSD; interp_param, shuffle_channel_param, upsample_param and relu6_param of the forks that
// made them.
struct MessageType {
  std::string_view name;
  std::string_view fields;
};

constexpr MessageType kTypes[] = {
    {"NetParameter",
     "name input input_shape input_dim force_backward state debug_info layer layers"},
    {"LayerParameter",
     "name type bottom top phase loss_weight param blobs propagate_down include exclude "
     "transform_param loss_param blobs_lr weight_decay blob_share_mode data_param "
     "batch_norm_param bias_param clip_param concat_param convolution_param crop_param "
     "dropout_param eltwise_param elu_param exp_param flatten_param inner_product_param "
     "input_param interp_param log_param lrn_param norm_param permute_param pooling_param "
     "power_param "
     "prelu_param reduction_param relu6_param relu_param reshape_param scale_param "
     "shuffle_channel_param sigmoid_param slice_param softmax_param swish_param tanh_param "
     "upsample_param"},
    {"NetStateRule", "phase min_level max_level stage not_stage"},
    {"BlobShape", "dim"},
    {"batch_norm_param", "use_global_stats moving_average_fraction eps"},
    {"bias_param", "axis num_axes filler"},
    {"clip_param", "min max"},
    {"concat_param", "axis concat_dim"},
    {"convolution_param",
     "num_output bias_term pad kernel_size stride dilation pad_h pad_w kernel_h kernel_w stride_h "
     "stride_w group weight_filler bias_filler engine axis force_nd_im2col"},
    {"crop_param", "axis offset"},
    {"dropout_param", "dropout_ratio"},
    {"eltwise_param", "operation coeff stable_prod_grad"},
    {"elu_param", "alpha"},
    {"exp_param", "base scale shift"},
    {"flatten_param", "axis end_axis"},
    {"inner_product_param", "num_output bias_term weight_filler bias_filler axis transpose"},
    {"input_param", "shape"},
    {"interp_param", "height width zoom_factor shrink_factor pad_beg pad_end"},
    {"log_param", "base scale shift"},
    {"lrn_param", "local_size alpha beta norm_region k engine"},
    {"norm_param", "across_spatial channel_shared scale_filler eps"},
    {"permute_param", "order"},
    {"pooling_param",
     "pool pad pad_h pad_w kernel_size kernel_h kernel_w stride stride_h stride_w engine "
     "global_pooling round_mode ceil_mode"},
    {"power_param", "power scale shift"},
    {"prelu_param", "filler channel_shared"},
    {"reduction_param", "operation axis coeff"},
    {"relu6_param", "negative_slope"},
    {"relu_param", "negative_slope engine"},
    {"reshape_param", "shape axis num_axes"},
    {"scale_param", "axis num_axes filler bias_term bias_filler"},
    {"shuffle_channel_param", "group"},
    {"sigmoid_param", "engine"},
    {"slice_param", "axis slice_point slice_dim"},
    {"softmax_param", "engine axis"},
    {"swish_param", "beta"},
    {"tanh_param", "engine"},
    {"upsample_param", "scale"},
};

struct OldName {
  std::string_view enumerator;
  std::string_view type;
};

// V1LayerParameter.LayerType
constexpr OldName kOldNames[] = {
    {"ABSVAL", "AbsVal"},
    {"ACCURACY", "Accuracy"},
    {"ARGMAX", "ArgMax"},
    {"BNLL", "BNLL"},
    {"CONCAT", "Concat"},
    {"CONTRASTIVE_LOSS", "ContrastiveLoss"},
    {"CONVOLUTION", "Convolution"},
    {"DATA", "Data"},
    {"DECONVOLUTION", "Deconvolution"},
    {"DROPOUT", "Dropout"},
    {"DUMMY_DATA", "DummyData"},
    {"ELTWISE", "Eltwise"},
    {"EUCLIDEAN_LOSS", "EuclideanLoss"},
    {"EXP", "Exp"},
    {"FLATTEN", "Flatten"},
    {"HDF5_DATA", "HDF5Data"},
    {"HDF5_OUTPUT", "HDF5Output"},
    {"HINGE_LOSS", "HingeLoss"},
    {"IM2COL", "Im2col"},
    {"IMAGE_DATA", "ImageData"},
    {"INFOGAIN_LOSS", "InfogainLoss"},
    {"INNER_PRODUCT", "InnerProduct"},
    {"LRN", "LRN"},
    {"MEMORY_DATA", "MemoryData"},
    {"MULTINOMIAL_LOGISTIC_LOSS", "MultinomialLogisticLoss"},
    {"MVN", "MVN"},
    {"POOLING", "Pooling"},
    {"POWER", "Power"},
    {"RELU", "ReLU"},
    {"SIGMOID", "Sigmoid"},
    {"SIGMOID_CROSS_ENTROPY_LOSS", "SigmoidCrossEntropyLoss"},
    {"SILENCE", "Silence"},
    {"SLICE", "Slice"},
    {"SOFTMAX", "Softmax"},
    {"SOFTMAX_LOSS", "SoftmaxWithLoss"},
    {"SPLIT", "Split"},
    {"TANH", "TanH"},
    {"THRESHOLD", "Threshold"},
    {"WINDOW_DATA", "WindowData"},
};

}  // namespace

Status CheckFields(std::string_view type, const TextMessage& message) {
  for (const MessageType& known : kTypes) {
    if (known.name != type) {
      continue;
    }
    const std::vector<std::string> names = Split(known.fields, ' ');
    for (const TextField& field : message.fields) {
      if (std::find(names.begin(), names.end(), field.name) != names.end()) {
        continue;
      }
      const std::optional<std::string> near = ClosestOf(field.name, names);
      return InvalidArgumentError(AtLine(field.line) + std::string(type) + " has no field '" +
                                  EscapeForDisplay(field.name) + "'")
          .WithHint(near ? "did you mean '" + *near + "'?" : "it knows " + Join(names, ", "));
    }
  }
  return OkStatus();
}

std::string_view TypeOfOldName(std::string_view enumerator) {
  for (const OldName& entry : kOldNames) {
    if (entry.enumerator == enumerator) {
      return entry.type;
    }
  }
  return {};
}

}  // namespace plumb::npu::caffe
