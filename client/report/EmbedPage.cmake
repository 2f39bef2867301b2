# cmake -DPAGE=layers.html -DSOURCE=layers_page.cc -P EmbedPage.cmake: the page as a C++ source.
file(READ ${PAGE} text)
file(WRITE ${SOURCE} "// Made of layers.html by the build.
#include \"client/report/layers_page.h\"

namespace plumb::client {

std::string_view LayersPage() {
  return R\"plumb_page(${text})plumb_page\";
}

}  // namespace plumb::client
")
