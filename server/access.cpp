#include "server/access.h"

namespace hedgerow::server {

Result<std::unique_ptr<Access>> Access::Make(std::string token_file, UserTable users) {
  std::unique_ptr<Access> access(new Access(std::move(token_file), std::move(users)));
  if (Status status = access->Reload(); !status) return status.error();
  return access;
}

Status Access::Reload() {
  if (token_file_.empty()) return {};
  Result<TokenTable> table = TokenTable::Load(token_file_);
  if (!table) return table.error();
  auto tokens = std::make_shared<const TokenTable>(std::move(*table));
  const std::lock_guard lock(mutex_);
  tokens_ = std::move(tokens);
  return {};
}

}  // namespace hedgerow::server
