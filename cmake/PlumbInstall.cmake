# Where everything goes on a machine: `cmake --install build/release --prefix /usr/local`, and the
# components of the Debian packages (PlumbPackages.cmake).
#
# The programs look for each other beside themselves and for libraries in ../lib. So they share
# lib/plumbline, and bin/ has links: the virtual IPU is no library for the linker's search path.
include(GNUInstallDirs)

set(PLUMB_HOME lib/plumbline)
# Absolute, with the prefix of the configuration: they stand in the units.
set(PLUMB_BIN ${CMAKE_INSTALL_FULL_BINDIR})
set(PLUMB_ETC ${CMAKE_INSTALL_FULL_SYSCONFDIR})

# plumb_install_program(COMPONENT PROGRAM [LINK]): LINK: a person calls it.
function(plumb_install_program component program)
  if(NOT TARGET ${program})
    return()
  endif()
  install(TARGETS ${program} RUNTIME DESTINATION ${PLUMB_HOME}/bin COMPONENT ${component})
  if("LINK" IN_LIST ARGN)
    file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/links)
    file(CREATE_LINK ../${PLUMB_HOME}/bin/${program} ${CMAKE_BINARY_DIR}/links/${program} SYMBOLIC)
    install(FILES ${CMAKE_BINARY_DIR}/links/${program} DESTINATION ${CMAKE_INSTALL_BINDIR}
            COMPONENT ${component})
  endif()
endfunction()

plumb_install_program(server plumb-server LINK)
plumb_install_program(agent plumb-agent LINK)
plumb_install_program(client plumb LINK)
foreach(program plumb-runner plumb-simulator plumb-virtual-tap)
  plumb_install_program(runtime ${program})
endforeach()
foreach(library mi_ipu_virtual mi_ipu_virtual_b61 mi_ipu_virtual_b13 mi_ipu_virtual_0)
  if(TARGET ${library})
    install(TARGETS ${library} LIBRARY DESTINATION ${PLUMB_HOME}/lib COMPONENT runtime)
  endif()
endforeach()
# Only where OpenCV was there to build it; no package has it.
if(TARGET plumb_framework_opencv)
  install(TARGETS plumb_framework_opencv LIBRARY DESTINATION ${PLUMB_HOME}/lib COMPONENT opencv)
endif()

# An application on the board writes its real input with this header alone.
install(FILES agent/capture/plumb_capture_input.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/plumbline
        COMPONENT agent)

foreach(unit server agent)
  configure_file(deploy/systemd/plumb-${unit}.service
                 ${CMAKE_BINARY_DIR}/systemd/plumb-${unit}.service @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/systemd/plumb-${unit}.service DESTINATION lib/systemd/system
          COMPONENT ${unit})
endforeach()
install(FILES deploy/systemd/plumb-server.default DESTINATION ${PLUMB_ETC}/default
        RENAME plumb-server COMPONENT server)
install(FILES deploy/systemd/agent.conf DESTINATION ${PLUMB_ETC}/plumbline COMPONENT agent)

# The pages keep their folders: they link to each other.
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/plumbline COMPONENT runtime)
install(FILES README.md SECURITY.md THIRD_PARTY.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/plumbline
        COMPONENT runtime)

# tools/man-pages and tools/package put here what a program must be run for, or compressed.
foreach(component server agent client runtime)
  install(DIRECTORY ${CMAKE_BINARY_DIR}/staged/${component}/
          DESTINATION ${CMAKE_INSTALL_DATADIR} COMPONENT ${component} OPTIONAL)
endforeach()
