// What an update may put off, and what it has put off.
//
// Thread rule: one writer.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "forest/quarantine.h"

namespace hedgerow::unlearn {

struct Deferral {
  // A subtree of more records is not grown anew at once, nor counted anew: its place is quarantined.
  std::uint32_t inline_records = 0;
  std::uint64_t number = 0;  // of the update
  std::uint32_t tree = 0;    // that is being updated

  std::vector<std::shared_ptr<forest::Quarantine>> quarantines = {};  // that have begun
};

}  // namespace hedgerow::unlearn
