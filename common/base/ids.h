// Random identifiers.
#pragma once

#include <string>

namespace plumb {

// 128 random bits as 32 lower-case hexadecimal digits (getrandom).
std::string RandomId();

}  // namespace plumb
