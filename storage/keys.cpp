#include "storage/keys.h"

#include <sodium.h>

#include "datasets/result.h"

namespace hedgerow::storage {
namespace {

// What a keyed hash is of. On disk: never renumber.
constexpr unsigned char kRecord = 1;
constexpr unsigned char kSubject = 2;
constexpr unsigned char kRequest = 3;
constexpr unsigned char kContent = 4;
constexpr unsigned char kIdentity = 5;
constexpr unsigned char kList = 6;
constexpr unsigned char kParts = 7;

std::string Opaque(const Secret& secret, unsigned char domain, const void* data, std::size_t size,
                   std::size_t key_bytes = kOpaqueBytes) {
  std::string key(key_bytes, '\0');
  crypto_generichash_state state;
  crypto_generichash_init(&state, secret.data(), secret.size(), key.size());
  crypto_generichash_update(&state, &domain, 1);
  crypto_generichash_update(&state, static_cast<const unsigned char*>(data), size);
  crypto_generichash_final(&state, reinterpret_cast<unsigned char*>(key.data()), key.size());
  return key;
}

template <class T>
void AppendBigEndian(std::string& key, T value) {
  for (int shift = static_cast<int>(sizeof value) * 8 - 8; shift >= 0; shift -= 8) {
    key.push_back(static_cast<char>(value >> shift));
  }
}

}  // namespace

Secret MakeSecret() {
  static const int initialised = sodium_init();
  HEDGEROW_CHECK(initialised >= 0, "libsodium cannot start");
  Secret secret;
  randombytes_buf(secret.data(), secret.size());
  return secret;
}

std::string RecordKey(const Secret& secret, datasets::RecordId id) {
  return Opaque(secret, kRecord, &id, sizeof id);
}

std::string SubjectKey(const Secret& secret, std::string_view subject) {
  return Opaque(secret, kSubject, subject.data(), subject.size());
}

std::string RequestKey(const Secret& secret, std::string_view request_id) {
  return Opaque(secret, kRequest, request_id.data(), request_id.size());
}

std::string PartsKey(const Secret& secret, std::string_view log_name) {
  return Opaque(secret, kParts, log_name.data(), log_name.size());
}

std::string ContentKey(const Secret& secret, std::string_view content) {
  return Opaque(secret, kContent, content.data(), content.size());
}

std::string StoreIdentity(const Secret& secret) {
  return Opaque(secret, kIdentity, nullptr, 0);
}

std::string Authenticate(const Secret& secret, std::string_view bytes) {
  return Opaque(secret, kList, bytes.data(), bytes.size(), 32);
}

std::string PageKey(std::uint32_t tree, std::uint64_t path, std::uint32_t depth) {
  std::string key;
  AppendBigEndian(key, tree);
  AppendBigEndian(key, path);
  key.push_back(static_cast<char>(depth));
  return key;
}

std::string PageKeyBehind(std::uint32_t tree, std::uint64_t path, std::uint32_t depth) {
  // All paths below share the first `depth` turns. Where adding one there overflows, the next tree begins.
  const std::uint64_t behind = depth == 0 ? 0 : path + (1ULL << (64 - depth));
  return behind == 0 ? PageKey(tree + 1, 0, 0) : PageKey(tree, behind, 0);
}

}  // namespace hedgerow::storage
