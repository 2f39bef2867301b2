# plumb_grpc: gRPC and protobuf as this build links them; PLUMB_PROTOC and PLUMB_GRPC_PLUGIN: what
# generates, always this machine's; plumb_proto_sources: what is generated from.
#   PC: Debian's shared libraries through their own CMake files.
#   Board (PLUMB_PARTS=board): its archives through pkg-config, since gRPC's CMake file knows shared
#   libraries only and wants a code generator in the sysroot; and protobuf's lite runtime, which
#   saves 0.7 MB. The wire is the same.
include_guard(GLOBAL)

if(NOT PLUMB_PARTS STREQUAL "board")
  find_package(Protobuf REQUIRED)  # in module mode: Debian ships no ProtobufConfig.cmake
  find_package(gRPC CONFIG REQUIRED)
  set(PLUMB_PROTOC protobuf::protoc)
  set(PLUMB_GRPC_PLUGIN $<TARGET_FILE:gRPC::grpc_cpp_plugin>)
  add_library(plumb_grpc INTERFACE)
  target_link_libraries(plumb_grpc INTERFACE gRPC::grpc++ protobuf::libprotobuf)

  function(plumb_proto_sources folder imports)
    set(${folder} ${CMAKE_CURRENT_SOURCE_DIR} PARENT_SCOPE)
    set(${imports} "" PARENT_SCOPE)
  endfunction()
  return()
endif()

find_package(PkgConfig REQUIRED)
find_program(PLUMB_PROTOC protoc REQUIRED)
find_program(PLUMB_GRPC_PLUGIN grpc_cpp_plugin REQUIRED)
if(PLUMB_TLS)
  pkg_check_modules(PLUMB_GRPC REQUIRED grpc++)
else()
  pkg_check_modules(PLUMB_GRPC REQUIRED grpc++_unsecure)
endif()
pkg_check_modules(PLUMB_PROTOBUF REQUIRED protobuf-lite)
# Debian's grpc++_unsecure.pc leaves out five libraries that it needs.
set(left_out -laddress_sorting -lre2 -lupb -lcares -lz)
add_library(plumb_grpc INTERFACE)
target_compile_definitions(plumb_grpc INTERFACE GRPC_USE_PROTO_LITE=1)
target_include_directories(plumb_grpc SYSTEM INTERFACE ${PLUMB_GRPC_STATIC_INCLUDE_DIRS})
target_link_libraries(plumb_grpc INTERFACE
  -Wl,--start-group ${PLUMB_GRPC_STATIC_LDFLAGS} ${left_out} ${PLUMB_PROTOBUF_STATIC_LDFLAGS}
  -Wl,--end-group -ldl -lm -lrt)

# The same files with the option that makes protoc generate for the lite runtime, and the one file
# that they import.
function(plumb_proto_sources folder imports)
  set(lite ${CMAKE_CURRENT_BINARY_DIR}/lite)
  pkg_get_variable(prefix protobuf-lite includedir)
  find_file(any_proto google/protobuf/any.proto HINTS ${prefix} REQUIRED NO_CACHE)
  file(GLOB ours RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} CONFIGURE_DEPENDS
       ${CMAKE_CURRENT_SOURCE_DIR}/plumb/v1/*.proto)
  foreach(name ${ours} google/protobuf/any.proto)
    set(from ${CMAKE_CURRENT_SOURCE_DIR}/${name})
    if(name STREQUAL "google/protobuf/any.proto")
      set(from ${any_proto})
    endif()
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${from})
    file(READ ${from} text)
    file(CONFIGURE OUTPUT ${lite}/${name} CONTENT "${text}\noption optimize_for = LITE_RUNTIME;\n" @ONLY)
  endforeach()
  set(${folder} ${lite} PARENT_SCOPE)
  set(${imports} google/protobuf/any PARENT_SCOPE)
endfunction()
