# To adapt: builds plumb-runner with the toolchain of a board's vendor, so that it asks for no newer
# C library than the board has. Copy the file, or give the three values on the command line:
#   PLUMB_VENDOR_PREFIX=/opt/gcc-sigmastar-9.1.0/bin/arm-linux-gnueabihf-9.1.0- \
#   PLUMB_VENDOR_ARCH=arm tools/cross-build --runner deploy/toolchains/vendor.cmake
#
#   PLUMB_VENDOR_PREFIX    what precedes gcc and g++, path included
#   PLUMB_VENDOR_ARCH      arm or aarch64
#   PLUMB_VENDOR_SYSROOT   only if the compiler does not bring its own
#   PLUMB_VENDOR_FLAGS     more for the compiler, e.g. -mcpu=cortex-a7 -mfpu=neon-vfpv4
# Needed of the compiler: C++14 (g++ 5 or newer). The agent needs C++20 and gRPC; it is static and
# does not care which C library the board has, so tools/cross-build --board makes that one.
foreach(name PREFIX ARCH SYSROOT FLAGS)
  if(DEFINED ENV{PLUMB_VENDOR_${name}})
    set(PLUMB_VENDOR_${name} "$ENV{PLUMB_VENDOR_${name}}")
  endif()
endforeach()
if(NOT PLUMB_VENDOR_PREFIX OR NOT PLUMB_VENDOR_ARCH MATCHES "^(arm|aarch64)$")
  message(FATAL_ERROR "Set PLUMB_VENDOR_PREFIX (what precedes 'gcc', e.g. "
                      "/opt/gcc/bin/arm-linux-gnueabihf-) and PLUMB_VENDOR_ARCH (arm or aarch64)")
endif()

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${PLUMB_VENDOR_ARCH})
set(CMAKE_C_COMPILER ${PLUMB_VENDOR_PREFIX}gcc)
set(CMAKE_CXX_COMPILER ${PLUMB_VENDOR_PREFIX}g++)
if(PLUMB_VENDOR_SYSROOT)
  set(CMAKE_SYSROOT ${PLUMB_VENDOR_SYSROOT})
endif()
set(CMAKE_C_FLAGS_INIT "${PLUMB_VENDOR_FLAGS}")
set(CMAKE_CXX_FLAGS_INIT "${PLUMB_VENDOR_FLAGS}")

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
