// Ids of requests: UUIDs and nothing else, so that nobody puts a person's name into the list of requests.
//
// Thread rule: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hedgerow::server {

// The UUID in lower case; nothing if the text is none.
std::optional<std::string> NormalRequestId(std::string_view text);

}  // namespace hedgerow::server
