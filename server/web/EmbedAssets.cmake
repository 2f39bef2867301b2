# cmake "-DFILES=a.html;b.js" -DSOURCE=web_assets.cc -P EmbedAssets.cmake: files as a C++ source.
set(cases "")
foreach(file ${FILES})
  # Not as a CMake list or with its brackets evaluated: the text is taken as it is.
  file(READ ${file} text)
  get_filename_component(name ${file} NAME)
  string(APPEND cases "  if (name == \"${name}\") {\n    return R\"plumb_page(${text})plumb_page\";\n  }\n")
endforeach()
file(WRITE ${SOURCE} "// Made of the files in server/web/page by the build.
#include \"server/web/web_assets.h\"

namespace plumb::server {

std::string_view WebAsset(std::string_view name) {
${cases}  return {};
}

}  // namespace plumb::server
")
