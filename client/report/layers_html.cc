#include "client/report/layers_html.h"

#include "client/report/layers_page.h"

#include <nlohmann/json.hpp>

namespace plumb::client {
namespace {

constexpr std::string_view kPlace = "@PLUMB_JSON@";

// Inside a script element only "<" could end it or open a comment.
std::string ForScript(const std::string& json) {
  std::string safe;
  safe.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      safe += "\\u003c";
    } else {
      safe += c;
    }
  }
  return safe;
}

}  // namespace

Result<std::string> LayersHtml(std::string_view json) {
  const auto report = nlohmann::ordered_json::parse(json, nullptr, false);
  const bool known = report.is_object() && report.contains("schema") &&
                     report["schema"] == "plumb.layers/1" && report.contains("tensors");
  if (!known) {
    return InvalidArgumentError("no report of the layers (schema plumb.layers/1)");
  }
  std::string page(LayersPage());
  page.replace(page.find(kPlace),
               kPlace.size(),
               ForScript(report.dump(-1, ' ', false, decltype(report)::error_handler_t::replace)));
  return page;
}

}  // namespace plumb::client
