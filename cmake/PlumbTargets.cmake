# plumb_library(NAME SOURCES ... HEADERS ... DEPS ... PRIVATE_DEPS ...)
#   One library per folder. Headers are a FILE_SET, so that CMAKE_VERIFY_INTERFACE_HEADER_SETS can
#   compile each on its own; DEPS are the arrows of ARCHITECTURE.md.
set(PLUMB_WARNINGS -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                   -Wcast-align -Wnull-dereference -Wdouble-promotion -Wformat=2 -Wvla)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these two inside its own standard library once it inlines.
  list(APPEND PLUMB_WARNINGS -Wno-null-dereference -Wno-restrict)
  if(PLUMB_SANITIZE)
    # And this one, of a std::variant, once sanitizers keep it from seeing through.
    list(APPEND PLUMB_WARNINGS -Wno-maybe-uninitialized)
  endif()
endif()

function(plumb_set_warnings target)
  target_compile_options(${target} PRIVATE ${PLUMB_WARNINGS})
endfunction()

function(plumb_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;DEPS;PRIVATE_DEPS" ${ARGN})
  if(ARG_SOURCES)
    add_library(${name} STATIC ${ARG_SOURCES})
    target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}
                                  FILES ${ARG_HEADERS})
    target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} PUBLIC ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
    plumb_set_warnings(${name})
  else()
    add_library(${name} INTERFACE)
    target_sources(${name} INTERFACE FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}
                                     FILES ${ARG_HEADERS})
    target_include_directories(${name} INTERFACE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} INTERFACE ${ARG_DEPS})
  endif()
endfunction()

# plumb_small(TARGET): optimised for size where the build is optimised at all.
function(plumb_small target)
  if(NOT CMAKE_BUILD_TYPE MATCHES "^(Release|MinSizeRel)$")
    return()
  endif()
  target_compile_options(${target} PRIVATE -Os -ffunction-sections -fdata-sections)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "EXECUTABLE")
    # Code and constants may share a page: the gaps between them are a tenth of a small file.
    target_link_options(${target} PRIVATE -Wl,--gc-sections -Wl,-z,noseparate-code)
  endif()
endfunction()

# plumb_executable(NAME SOURCES ... DEPS ...): lands in bin/ under its own name.
function(plumb_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  plumb_set_warnings(${name})
endfunction()

# plumb_test(NAME SOURCES ... DEPS ... [LABELS ...] [TIMEOUT s] [NO_MAIN]): a GoogleTest program in
#   tests/NAME, one ctest entry per program. NO_MAIN: the program brings its own main.
function(plumb_test name)
  cmake_parse_arguments(ARG "NO_MAIN" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(PLUMB_SANITIZE)
    math(EXPR ARG_TIMEOUT "${ARG_TIMEOUT} * 5")
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock)
  if(ARG_NO_MAIN)
    target_link_libraries(${name} PRIVATE GTest::gtest)
  else()
    target_link_libraries(${name} PRIVATE GTest::gtest_main)
  endif()
  target_compile_definitions(${name} PRIVATE
    PLUMB_TESTDATA_DIR="${PROJECT_SOURCE_DIR}/tests/testdata"
    PLUMB_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    PLUMB_BINARY_DIR="${CMAKE_BINARY_DIR}")
  plumb_set_warnings(${name})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT})
  if(ARG_LABELS)
    set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}")
  endif()
endfunction()

# plumb_add_folders(a b c): the folders of this level, in the order of the arrows.
function(plumb_add_folders)
  foreach(folder ${ARGN})
    if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt)
      add_subdirectory(${folder})
    endif()
  endforeach()
endfunction()

# plumb_bench(NAME SOURCES ... DEPS ...): a benchmark program bench_… in bench/, built with
#   everything and run by tools/bench alone. It prints a table of ratios, each against a baseline of
#   the same run, and exits with 0 when it could measure.
add_custom_target(benchmarks)
function(plumb_bench name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  plumb_set_warnings(${name})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
  add_dependencies(benchmarks ${name})
endfunction()
