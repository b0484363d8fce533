#include "server/roles.h"

#include <fmt/format.h>
#include <sodium.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "datasets/text.h"

namespace hedgerow::server {
namespace {

constexpr Role kRoles[] = {Role::kPredict, Role::kErase, Role::kLearn, Role::kAudit, Role::kOperate};
constexpr std::size_t kTokenBytes = 32;

std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return words;
    const std::size_t end = line.find_first_of(" \t\r", begin);
    words.push_back(line.substr(begin, end == std::string_view::npos ? end : end - begin));
    if (end == std::string_view::npos) return words;
    line.remove_prefix(end);
  }
}

bool ReadHash(std::string_view hex, TokenHash& hash) {
  std::size_t length = 0;
  return hex.size() == 2 * hash.size() &&
         sodium_hex2bin(hash.data(), hash.size(), hex.data(), hex.size(), nullptr, &length, nullptr) == 0 &&
         length == hash.size();
}

std::string ToHex(const unsigned char* bytes, std::size_t size) {
  std::string hex(2 * size + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), bytes, size);
  hex.pop_back();
  return hex;
}

}  // namespace

std::string_view NameOf(Role role) {
  switch (role) {
    case Role::kPredict:
      return "predict";
    case Role::kErase:
      return "erase";
    case Role::kLearn:
      return "learn";
    case Role::kAudit:
      return "audit";
    case Role::kOperate:
      return "operate";
  }
  return "";
}

std::vector<std::string> Roles::Names() const {
  std::vector<std::string> names;
  for (const Role role : kRoles) {
    if (Has(role)) names.emplace_back(NameOf(role));
  }
  return names;
}

std::optional<Roles> ParseRoles(std::string_view text) {
  if (text == "all") return Roles::All();
  Roles roles;
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view word = text.substr(0, comma);
    bool known = false;
    for (const Role role : kRoles) {
      if (word != NameOf(role)) continue;
      roles.Add(role);
      known = true;
    }
    if (!known) return std::nullopt;
    if (comma == std::string_view::npos) return roles;
    text.remove_prefix(comma + 1);
  }
}

Status Require(Roles roles, Role role) {
  if (roles.Has(role)) return {};
  return Error{ErrorCode::kUnauthorised, fmt::format("the role '{}' is needed", NameOf(role)), "",
               "come with a token, or as a user, that has it"};
}

TokenHash HashToken(std::string_view token) {
  TokenHash hash;
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(token.data()), token.size(),
                     nullptr, 0);
  return hash;
}

std::string MakeToken() {
  HEDGEROW_CHECK(sodium_init() >= 0, "libsodium cannot start");
  unsigned char bytes[kTokenBytes];
  randombytes_buf(bytes, sizeof bytes);
  std::string token = ToHex(bytes, sizeof bytes);
  sodium_memzero(bytes, sizeof bytes);
  return token;
}

std::string TokenLine(Roles roles, std::string_view token, std::string_view name) {
  std::string text;
  for (const std::string& role : roles.Names()) text += (text.empty() ? "" : ",") + role;
  const TokenHash hash = HashToken(token);
  return fmt::format("{}  {}  {}\n", text, ToHex(hash.data(), hash.size()), name);
}

Result<TokenTable> TokenTable::Load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (file) text << file.rdbuf();
  if (!file || file.bad())
    return Error{ErrorCode::kIo, "the token file cannot be read", path, "check its name and your rights"};
  return Parse(text.str(), path);
}

Result<TokenTable> TokenTable::Parse(std::string_view text, const std::string& place) {
  TokenTable table;
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++number;
    const std::vector<std::string_view> words = Words(line);
    if (words.empty() || words[0].starts_with('#')) continue;
    Grant grant;
    const auto roles = ParseRoles(words[0]);
    if (!roles || words.size() < 2 || words.size() > 3 || !ReadHash(words[1], grant.hash)) {
      return Error{ErrorCode::kBadInput, "this is no line of a token file", fmt::format("{}:{}", place, number),
                   "write ROLES HASH NAME, as hedgerow token does"};
    }
    grant.roles = *roles;
    if (words.size() == 3) grant.name = words[2];
    table.grants_.push_back(std::move(grant));
  }
  return table;
}

const Grant* TokenTable::Find(const TokenHash& hash) const {
  const Grant* found = nullptr;
  for (const Grant& grant : grants_) {
    if (sodium_memcmp(grant.hash.data(), hash.data(), hash.size()) == 0) found = &grant;
  }
  return found;
}

Status UserTable::Add(std::string_view rule) {
  const std::size_t equals = rule.find('=');
  const auto uid = datasets::ParseUnsigned(rule.substr(0, equals));
  const auto roles = equals == std::string_view::npos ? std::nullopt : ParseRoles(rule.substr(equals + 1));
  if (!uid || *uid > 0xffffffffU || !roles) {
    return Error{ErrorCode::kUsage, "this is no rule for a user", "--user",
                 "write UID=ROLES, 1000=predict,erase for instance"};
  }
  rules_.emplace_back(static_cast<std::uint32_t>(*uid), *roles);
  return {};
}

Roles UserTable::RolesOf(std::uint32_t uid) const {
  if (uid == 0 || uid == ::geteuid()) return Roles::All();
  Roles roles;
  for (const auto& [user, granted] : rules_) {
    if (user == uid) roles = roles | granted;
  }
  return roles;
}

}  // namespace hedgerow::server
