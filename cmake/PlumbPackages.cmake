# Debian packages of the components of PlumbInstall.cmake; tools/package makes them.
set(PLUMB_MAINTAINER "Plumbline developers <plumbline@example.invalid>" CACHE STRING
  "Who answers for the packages; set it where they are published")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME plumbline)
set(CPACK_PACKAGE_VENDOR Plumbline)
set(CPACK_PACKAGE_CONTACT "${PLUMB_MAINTAINER}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL runtime server agent client)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# The virtual IPU is loaded by its path: nobody links it.
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS OFF)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)

set(same_runtime "plumbline-runtime (= ${PROJECT_VERSION})")
set(scripts ${PROJECT_SOURCE_DIR}/deploy/debian)

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME plumbline-runtime)
set(CPACK_DEBIAN_RUNTIME_DESCRIPTION
"parts that Plumbline's programs share
Plumbline proves that a quantised network on a camera SoC computes what the
PC simulator says it should.

This package has the built-in simulator, the program that drives a chip's
library, the virtual IPU and the documentation.")

set(CPACK_DEBIAN_SERVER_PACKAGE_NAME plumbline-server)
set(CPACK_DEBIAN_SERVER_PACKAGE_SECTION net)
set(CPACK_DEBIAN_SERVER_PACKAGE_DEPENDS "${same_runtime}, adduser")
set(CPACK_DEBIAN_SERVER_PACKAGE_SUGGESTS "postgresql")
set(CPACK_DEBIAN_SERVER_PACKAGE_CONTROL_EXTRA
    "${scripts}/server/postinst;${scripts}/server/prerm;${scripts}/server/postrm;${scripts}/server/conffiles")
set(CPACK_DEBIAN_SERVER_DESCRIPTION
"server of a Plumbline farm of boards
Plumbline proves that a quantised network on a camera SoC computes what the
PC simulator says it should.

This package has the server: it takes runs, leases boards, compares board and
simulator while the tensors arrive, and keeps what was found.")

set(CPACK_DEBIAN_AGENT_PACKAGE_NAME plumbline-agent)
set(CPACK_DEBIAN_AGENT_PACKAGE_SECTION net)
set(CPACK_DEBIAN_AGENT_PACKAGE_DEPENDS "${same_runtime}, adduser")
set(CPACK_DEBIAN_AGENT_PACKAGE_CONTROL_EXTRA
    "${scripts}/agent/postinst;${scripts}/agent/prerm;${scripts}/agent/postrm;${scripts}/agent/conffiles")
set(CPACK_DEBIAN_AGENT_DESCRIPTION
"offers a board to a Plumbline server
Plumbline proves that a quantised network on a camera SoC computes what the
PC simulator says it should.

This package has the agent for boards that run Debian and for virtual boards.
It dials the server, runs what it is given and streams the tensors back.")

set(CPACK_DEBIAN_CLIENT_PACKAGE_NAME plumbline-client)
set(CPACK_DEBIAN_CLIENT_PACKAGE_DEPENDS "${same_runtime}")
set(CPACK_DEBIAN_CLIENT_PACKAGE_SUGGESTS "plumbline-server, python3-numpy")
set(CPACK_DEBIAN_CLIENT_DESCRIPTION
"compares a network on a board with the simulator
Plumbline proves that a quantised network on a camera SoC computes what the
PC simulator says it should and, when it does not, says where, how and why.

This package has plumb, the command line; with --local it needs no server.")

include(CPack)
