// The eleven layers that the vendor's SOP prints in 2.1.5, as its document has them.
#pragma once

#include <string_view>

namespace plumb::layers {

constexpr std::string_view kSopRows =
    "39.batch_norm_6.tmp_2.xx.output0 OP: ADD Type: float MSE: 60.729672 COS: 0.997336 RMSE: "
    "0.091513\n"
    "43.relu_5.tmp_0.xx.output0 OP: RELU Type: float MSE: 7.867812 COS: 0.998164 RMSE: 0.077633\n"
    "47.relu_6.tmp_0.xx.output0 OP: RELU Type: float MSE: 16.851153 COS: 0.994130 RMSE: 0.143941\n"
    "51.elementwise_add_0.xx.output0 OP: ADD Type: float MSE: 148.815254 COS: 0.995671 RMSE: "
    "0.106450\n"
    "54.batch_norm_10.tmp_2.xx.output0 OP: ADD Type: float MSE: 204.189643 COS: 0.994502 RMSE: "
    "0.125068\n"
    "58.hard_swish_1.tmp_0.xx.output0 OP: MUL Type: float MSE: 78.561531 COS: 0.997094 RMSE: "
    "0.117254\n"
    "61.batch_norm_11.tmp_2.xx.output0 OP: ADD Type: float MSE: 27.176496 COS: 0.993667 RMSE: "
    "0.134286\n"
    "65.hard_swish_2.tmp_0.xx.output0 OP: MUL Type: float MSE: 17.986079 COS: 0.989773 RMSE: "
    "0.188623\n"
    "66.pool2d_1.tmp_0.xx.output0 OP: AVERAGE_POOL_2D Type: float MSE: 1.724975 COS: 0.998079 "
    "RMSE: 0.088585\n"
    "69.relu_7.tmp_0.xx.output0 OP: RELU Type: float MSE: 0.051974 COS: 0.999975 RMSE: 0.007155\n"
    "75.hard_sigmoid_1.tmp_0.xx.output0 OP: RELU Type: float MSE: 0.000007 COS: 0.999935 RMSE: "
    "0.010415\n";

}  // namespace plumb::layers
