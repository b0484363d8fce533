#include "server/request_id.h"

#include <cctype>

namespace hedgerow::server {

std::optional<std::string> NormalRequestId(std::string_view text) {
  constexpr std::string_view kShape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (text.size() != kShape.size()) return std::nullopt;
  std::string id(text);
  for (std::size_t i = 0; i < id.size(); ++i) {
    const auto c = static_cast<unsigned char>(id[i]);
    if (kShape[i] == 'x' ? std::isxdigit(c) == 0 : c != '-') return std::nullopt;
    id[i] = static_cast<char>(std::tolower(c));
  }
  return id;
}

}  // namespace hedgerow::server
