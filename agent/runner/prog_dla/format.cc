#include "agent/runner/prog_dla/format.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

// NOLINTNEXTLINE(modernize-concat-nested-namespaces): C++14.
namespace plumb {
namespace mi {

std::string Format(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  char* text = nullptr;
  const int size = vasprintf(&text, format, arguments);
  va_end(arguments);
  if (size < 0) {
    return "";
  }
  std::string result(text, static_cast<size_t>(size));
  std::free(text);  // NOLINT(cppcoreguidelines-no-malloc): vasprintf's
  return result;
}

}  // namespace mi
}  // namespace plumb
