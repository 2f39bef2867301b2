# Builds for 32-bit ARM Linux with hard floats (Debian's armhf) on another machine: see
# docs/cross-building.md.
set(PLUMB_CROSS_ARCH arm)
set(PLUMB_CROSS_TRIPLET arm-linux-gnueabihf)
set(PLUMB_CROSS_SYSROOT_NAME armhf)
include(${CMAKE_CURRENT_LIST_DIR}/debian-cross.cmake)
