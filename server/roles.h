// Who may do what: roles, and the tokens that grant them.
//
// A token is a random text that a client shows. The token file holds hashes alone, a line each: roles, the BLAKE2b-256
// of the token in hexadecimal, a name for the log.
//
//     predict,erase  9c1e...  billing
//
// Thread rule: plain values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/result.h"

namespace hedgerow::server {

enum class Role : std::uint8_t { kPredict = 1, kErase = 2, kLearn = 4, kAudit = 8, kOperate = 16 };

// A set of roles.
class Roles {
 public:
  Roles() = default;
  static Roles All() { return Roles(31); }

  void Add(Role role) { bits_ = static_cast<std::uint8_t>(bits_ | static_cast<std::uint8_t>(role)); }
  bool Has(Role role) const { return (bits_ & static_cast<std::uint8_t>(role)) != 0; }
  bool None() const { return bits_ == 0; }
  Roles operator|(Roles other) const { return Roles(static_cast<std::uint8_t>(bits_ | other.bits_)); }
  bool operator==(const Roles&) const = default;
  std::vector<std::string> Names() const;

 private:
  explicit Roles(std::uint8_t bits) : bits_(bits) {}
  std::uint8_t bits_ = 0;
};

std::string_view NameOf(Role role);
// "predict,erase"; "all" stands for all of them. Nothing if a word is no role.
std::optional<Roles> ParseRoles(std::string_view text);
// kUnauthorised if the role is missing.
Status Require(Roles roles, Role role);

using TokenHash = std::array<unsigned char, 32>;
TokenHash HashToken(std::string_view token);
// A new random token of 256 bits, in letters and digits.
std::string MakeToken();
// The line of a token file.
std::string TokenLine(Roles roles, std::string_view token, std::string_view name);

struct Grant {
  TokenHash hash{};
  Roles roles;
  std::string name;
};

class TokenTable {
 public:
  // Lines as above; empty lines and those that begin with # do not count. kBadInput with the line, kIo.
  static Result<TokenTable> Load(const std::string& path);
  static Result<TokenTable> Parse(std::string_view text, const std::string& place);

  // Compares with every entry in constant time.
  const Grant* Find(std::string_view token) const { return Find(HashToken(token)); }
  const Grant* Find(const TokenHash& hash) const;
  bool empty() const { return grants_.empty(); }

 private:
  std::vector<Grant> grants_;
};

// Roles of the peers of a unix socket, by user id. Root and the server's own user have all of them.
class UserTable {
 public:
  // "1000=predict,erase". kUsage.
  Status Add(std::string_view rule);
  Roles RolesOf(std::uint32_t uid) const;

 private:
  std::vector<std::pair<std::uint32_t, Roles>> rules_;
};

}  // namespace hedgerow::server
