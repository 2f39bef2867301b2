// printf into a string: what joining pieces costs in code size this program cannot spare. C++14.
#pragma once

#include <string>

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

__attribute__((format(printf, 1, 2))) std::string Format(const char* format, ...);

}  // namespace mi
}  // namespace plumb
