#include "storage/sealed.h"

#include "storage/bytes.h"

namespace hedgerow::storage {

void PutSealed(Family family, std::string_view key, std::string_view body, Database::Batch& batch) {
  batch.Put(family, key, Seal(key, body));
}

Result<std::optional<std::string>> GetSealed(const Database& database, Family family, std::string_view key,
                                             const Error& damaged) {
  Result<std::optional<std::string>> sealed = database.Get(family, key);
  if (!sealed || !*sealed) return sealed;
  const auto body = Unseal(key, **sealed);
  if (!body) return damaged;
  return std::optional<std::string>(std::string(*body));
}

}  // namespace hedgerow::storage
