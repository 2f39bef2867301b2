# Builds for 64-bit ARM Linux (Debian's arm64) on another machine: see docs/cross-building.md.
set(PLUMB_CROSS_ARCH aarch64)
set(PLUMB_CROSS_TRIPLET aarch64-linux-gnu)
include(${CMAKE_CURRENT_LIST_DIR}/debian-cross.cmake)
