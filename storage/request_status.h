// What became of a request, asked of the store's directory without reading its model: quick, and possible while another
// process has the store open.
//
// Thread rule: any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "datasets/result.h"
#include "storage/store.h"

namespace hedgerow::storage {

// Nothing if no such request was carried out. What is in the journal is synced before, so the stage is `exact` at the
// least. kStoreUnavailable, kStoreDamaged, kIo.
Result<std::optional<RequestStatus>> StatusOf(const std::string& directory, std::string_view request_id);

}  // namespace hedgerow::storage
