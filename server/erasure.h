// An erasure that goes through one store or several, as one request.
//
// Of several stores a person may be unknown to some; if she is unknown to all of them, nothing is changed anywhere. The
// stores are asked first, then each forgets. One that fails does not undo the others: the report tells which, and the
// same request, made again with the same id, does what is missing and nothing twice.
//
// Thread rule: any thread; the answer comes on a thread of one of the stores.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "server/hosted_store.h"

namespace hedgerow::server {

struct StoreResult {
  std::string store;
  Result<storage::Outcome> result;
};

struct ErasureReport {
  enum class Kind : std::uint8_t {
    kDone,     // in all stores
    kUnknown,  // somebody is in none of the stores; nothing was changed
    kPartial,  // in some stores
    kFailed,   // in none
  };
  Kind kind = Kind::kDone;
  std::vector<StoreResult> stores;
};

// The stores must not be none. With `dry_run` it tells who would go. Records can be named for one store alone: kUsage.
void Erase(const std::vector<HostedStore*>& stores, const storage::ForgetRequest& request,
           std::function<void(ErasureReport)> done);

}  // namespace hedgerow::server
