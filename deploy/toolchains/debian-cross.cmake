# What the toolchain files of this folder share: Debian's cross compiler, the sysroot of
# tools/mksysroot, and qemu to run what was built. Set by the file that includes this one:
#   PLUMB_CROSS_ARCH      as CMAKE_SYSTEM_PROCESSOR and qemu name it
#   PLUMB_CROSS_TRIPLET   as the compiler and the library folders name it
#   PLUMB_CROSS_SYSROOT_NAME   as tools/mksysroot names it, where that differs from the first
if(NOT PLUMB_CROSS_SYSROOT_NAME)
  set(PLUMB_CROSS_SYSROOT_NAME ${PLUMB_CROSS_ARCH})
endif()
if(DEFINED ENV{PLUMB_SYSROOT_DIR})
  set(plumb_sysroots $ENV{PLUMB_SYSROOT_DIR})
else()
  get_filename_component(plumb_sysroots ${CMAKE_CURRENT_LIST_DIR}/../../build/sysroot ABSOLUTE)
endif()

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${PLUMB_CROSS_ARCH})
set(CMAKE_SYSROOT ${plumb_sysroots}/${PLUMB_CROSS_SYSROOT_NAME})
if(NOT EXISTS ${CMAKE_SYSROOT}/.made-by-mksysroot)
  message(FATAL_ERROR "There is no sysroot in ${CMAKE_SYSROOT}: "
                      "run tools/mksysroot ${PLUMB_CROSS_SYSROOT_NAME}")
endif()

set(CMAKE_C_COMPILER ${PLUMB_CROSS_TRIPLET}-gcc)
set(CMAKE_CXX_COMPILER ${PLUMB_CROSS_TRIPLET}-g++)
set(CMAKE_LIBRARY_ARCHITECTURE ${PLUMB_CROSS_TRIPLET})

# Programs are this machine's, everything that is compiled or linked is the sysroot's.
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${CMAKE_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR}
    ${CMAKE_SYSROOT}/usr/lib/${PLUMB_CROSS_TRIPLET}/pkgconfig:${CMAKE_SYSROOT}/usr/share/pkgconfig)

# Nothing here registers qemu with the kernel, so whoever starts a program names it.
find_program(PLUMB_QEMU NAMES qemu-${PLUMB_CROSS_ARCH}-static qemu-${PLUMB_CROSS_ARCH})
if(PLUMB_QEMU)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${PLUMB_QEMU} -L ${CMAKE_SYSROOT})
endif()
