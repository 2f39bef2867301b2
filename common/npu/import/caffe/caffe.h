// Caffe files to Graph.
#pragma once

#include <string>

#include "common/base/buffer.h"
#include "common/base/status.h"
#include "common/npu/graph/graph.h"

namespace plumb::npu {

// True when the bytes begin as a prototxt, or as a caffemodel, does.
bool LooksLikePrototxt(const Buffer& file);
bool LooksLikeCaffemodel(const Buffer& file);

// Reads a float Caffe network, as it is when tested: what it is from `prototxt`, its weights from
// `caffemodel`.
//
// Names. A tensor is called as its blob. Where layers overwrite a blob (bottom and top the same),
// the last of them makes the tensor of that name, which is what Caffe itself shows for it; those
// before it make 'blob:layer'. Steps that one layer takes here are called 'blob:step'.
//
// Layout. What Caffe has as [N, C, H, W] is [N, H, W, C] here, inputs and outputs too; weights and
// axes are turned to match. Where the order of the elements shows (Reshape, Flatten, …) a TRANSPOSE
// 'blob:nchw' stands before. Outputs are the blobs that no layer reads, in the order they are made.
//
// The graph passed ValidateGraph; constants are copies.
//   kInvalidArgument  malformed files, or files that do not belong together
//   kUnimplemented    a layer or option outside the supported set; names type and layer
Result<Graph> ImportCaffe(const Buffer& prototxt, const Buffer& caffemodel, std::string name);

// "AbsVal, BatchNorm, Bias, …", for help texts and error messages.
std::string SupportedCaffeLayers();

}  // namespace plumb::npu
