// Values in the database as they all are: a body, sealed with a checksum under its key (bytes.h).
//
// Thread rule: as Database.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "datasets/result.h"
#include "storage/database.h"

namespace hedgerow::storage {

void PutSealed(Family family, std::string_view key, std::string_view body, Database::Batch& batch);
// The body under a key; nothing if there is no such key; `damaged` if the checksum does not hold.
Result<std::optional<std::string>> GetSealed(const Database& database, Family family, std::string_view key,
                                             const Error& damaged);

}  // namespace hedgerow::storage
