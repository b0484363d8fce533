// Who may come in: the token file and the rules for users, and reading the token file again.
//
// Thread rule: any thread; tables are immutable and replaced as a whole.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "server/roles.h"

namespace hedgerow::server {

class Access {
 public:
  // An empty path: no tokens are known.
  static Result<std::unique_ptr<Access>> Make(std::string token_file, UserTable users);

  // Reads the token file again. On failure the old tokens stay.
  Status Reload();
  std::shared_ptr<const TokenTable> tokens() const {
    const std::lock_guard lock(mutex_);
    return tokens_;
  }
  const UserTable& users() const { return users_; }
  bool has_tokens() const { return !token_file_.empty(); }

 private:
  Access(std::string token_file, UserTable users) : token_file_(std::move(token_file)), users_(std::move(users)) {}

  const std::string token_file_;
  const UserTable users_;
  mutable std::mutex mutex_;
  std::shared_ptr<const TokenTable> tokens_ = std::make_shared<const TokenTable>();  // guarded by mutex_
};

}  // namespace hedgerow::server
