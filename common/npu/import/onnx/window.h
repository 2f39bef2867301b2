// Kernels, strides and paddings of ONNX's convolutions and pools.
#pragma once

#include "common/npu/import/onnx/ops.h"

namespace plumb::npu::onnx {

// The window of a Conv, ConvTranspose or pool node over two spatial axes with a kernel of
// `kernel_height` × `kernel_width`: strides, dilations and the `pads` attribute; auto_pad is left
// to the two below. kUnimplemented for other than two spatial axes.
Result<WindowAttributes> ReadWindow(const NodeView& node,
                                    int64_t kernel_height,
                                    int64_t kernel_width);

// Sets the paddings auto_pad asks for on an input [N, C, H, W].
Status ApplyAutoPad(const NodeView& node, const Shape& input, WindowAttributes& window);

// Enlarges the paddings after the data so that the last, incomplete windows count (ceil_mode).
void ApplyCeilMode(const Shape& input, WindowAttributes& window);

// The shape [N, H, W, M] of a transposed convolution's output; sets what is cropped (the paddings).
// `channels` is M.
Result<Shape> ReadTransposedOutput(const NodeView& node,
                                   const Shape& input,
                                   int64_t channels,
                                   WindowAttributes& window);

}  // namespace plumb::npu::onnx
