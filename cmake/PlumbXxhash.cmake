# plumb_xxhash: XXH3 for bytes by the gigabyte. The library's plain entry points use SSE2 on x86-64;
# those of xxh_x86dispatch.h ask the CPU, where the installed library has them.
include_guard(GLOBAL)
include(CheckCXXSourceCompiles)

find_library(PLUMB_XXHASH xxhash REQUIRED)
set(CMAKE_REQUIRED_LIBRARIES ${PLUMB_XXHASH})
check_cxx_source_compiles([[
#include <xxhash.h>
#include <xxh_x86dispatch.h>
int main() { return static_cast<int>(XXH3_64bits_dispatch("", 0)); }
]] PLUMB_HAVE_XXHASH_DISPATCH)
unset(CMAKE_REQUIRED_LIBRARIES)

add_library(plumb_xxhash INTERFACE)
target_link_libraries(plumb_xxhash INTERFACE ${PLUMB_XXHASH})
if(PLUMB_HAVE_XXHASH_DISPATCH)
  target_compile_definitions(plumb_xxhash INTERFACE PLUMB_XXHASH_DISPATCH=1)
endif()
