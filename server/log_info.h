// What a server tells of a store's log, on both sides of the wire.
//
// Thread rule: plain values.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace hedgerow::server {

// As of its newest checkpoint.
struct LogHead {
  std::string checkpoint;  // a signed note
  std::uint64_t size = 0;
  std::vector<std::string> keys;  // public ones, the newest last
  std::string parameters;         // what the model is grown with
};

struct LogPage {
  std::vector<std::pair<std::uint64_t, std::string>> entries;  // by their index
  std::uint64_t size = 0;                                      // of the log
};

// That a log continues an older one.
struct Consistency {
  std::vector<std::string> hashes;  // 32 bytes each
  std::uint64_t size = 0;
  std::string checkpoint;  // of this size; empty if the newest covers more
};

}  // namespace hedgerow::server
