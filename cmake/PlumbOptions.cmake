# What every target of the tree is compiled with.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

set(PLUMB_SANITIZE "" CACHE STRING "Sanitizers for -fsanitize=, comma-separated")
option(PLUMB_WITH_GRPC "Build what needs gRPC: proto, agent/link, server/rpc, client and their programs" ON)
option(PLUMB_TIDY "Run clang-tidy while compiling" OFF)
option(PLUMB_COVERAGE "Measure line coverage with gcov" OFF)

# Contracting a*b+c changes the last bit from CPU to CPU; results must not.
add_compile_options(-ffp-contract=off -fno-math-errno -fstack-protector-strong)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_SYSTEM_PROCESSOR MATCHES "^arm")
  add_compile_options(-Wno-psabi)  # notes about objects of g++ 6, which nobody links here
endif()
add_compile_definitions(_GLIBCXX_ASSERTIONS)
if(CMAKE_SIZEOF_VOID_P EQUAL 4)
  add_compile_definitions(_FILE_OFFSET_BITS=64)  # else no file beyond 2 GiB can be read
endif()
if(NOT PLUMB_SANITIZE AND CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_definitions(_FORTIFY_SOURCE=2)
endif()
if(PLUMB_SANITIZE)
  add_compile_options(-fsanitize=${PLUMB_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${PLUMB_SANITIZE})
endif()
if(PLUMB_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
if(PLUMB_TIDY)
  find_program(PLUMB_CLANG_TIDY NAMES clang-tidy clang-tidy-14 REQUIRED)
  set(CMAKE_CXX_CLANG_TIDY ${PLUMB_CLANG_TIDY} --quiet)
endif()

find_package(Threads REQUIRED)
