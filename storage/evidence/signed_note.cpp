#include "storage/evidence/signed_note.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <cstring>

#include "datasets/text.h"
#include "storage/bytes.h"

namespace hedgerow::storage {
namespace {

constexpr std::string_view kEd25519 = "\x01";
constexpr std::string_view kDash = "\xe2\x80\x94 ";  // U+2014 and a blank
constexpr std::string_view kPrivate = "PRIVATE+KEY+";
constexpr std::size_t kIdBytes = 4, kMaxSignatures = 64;

const unsigned char* Raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// "NAME+ID+BASE64": the parts; the last one decoded, without the type's byte.
struct KeyText {
  std::string name, id, bytes;
};
std::optional<KeyText> SplitKey(std::string_view text) {
  const std::size_t first = text.find('+');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = text.find('+', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto id = FromHex(text.substr(first + 1, second - first - 1));
  const auto bytes = FromBase64(text.substr(second + 1));
  if (!id || id->size() != kIdBytes || !bytes || bytes->size() != 33 || !bytes->starts_with(kEd25519))
    return std::nullopt;
  return KeyText{std::string(text.substr(0, first)), *id, bytes->substr(1)};
}

// A blank as Unicode has it, or a plus: what no name of a key may have.
bool HasBlankOrPlus(std::string_view name) {
  for (const std::string_view blank : {" ", "+", "\xc2\x85", "\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\xa8", "\xe2\x80\xa9",
                                       "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"}) {
    if (name.find(blank) != std::string_view::npos) return true;
  }
  for (char last = '\x80'; last <= '\x8a'; ++last) {
    if (name.find(std::string("\xe2\x80") + last) != std::string_view::npos) return true;
  }
  return false;
}

std::optional<NoteSignature> ParseSignature(std::string_view line) {
  if (!line.starts_with(kDash)) return std::nullopt;
  line.remove_prefix(kDash.size());
  const std::size_t blank = line.find(' ');
  if (blank == 0 || blank == std::string_view::npos) return std::nullopt;
  const std::string_view name = line.substr(0, blank);
  const auto bytes = FromBase64(line.substr(blank + 1));
  if (!bytes || bytes->size() <= kIdBytes || HasBlankOrPlus(name)) return std::nullopt;
  return NoteSignature{std::string(name), *bytes};
}

}  // namespace

std::string ToBase64(std::string_view bytes) {
  std::string text(sodium_base64_ENCODED_LEN(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), Raw(bytes), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();  // the zero at its end
  return text;
}

std::optional<std::string> FromBase64(std::string_view text) {
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  const int failed = sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                                       text.size(), nullptr, &size, &end, sodium_base64_VARIANT_ORIGINAL);
  bytes.resize(size);
  if (failed != 0 || end != text.data() + text.size() || ToBase64(bytes) != text) return std::nullopt;
  return bytes;
}

bool ValidKeyName(std::string_view name) {
  const auto good = [](char c) { return c > ' ' && c < '\x7f' && c != '+'; };
  return !name.empty() && name.size() <= 200 && std::all_of(name.begin(), name.end(), good);
}

std::string NoteKey::Id() const {
  return std::string(
      BytesOf(Sha256(name + "\n" + std::string(kEd25519) + std::string(BytesOf(key)))).substr(0, kIdBytes));
}

std::string NoteKey::ToText() const {
  std::string bytes(kEd25519);
  bytes += BytesOf(key);
  return fmt::format("{}+{}+{}", name, ToHex(Id()), ToBase64(bytes));
}

std::optional<NoteKey> ParseNoteKey(std::string_view text) {
  const auto parts = SplitKey(text);
  if (!parts || !ValidKeyName(parts->name)) return std::nullopt;
  NoteKey key{parts->name, HashOf(parts->bytes)};
  if (key.ToText() != text) return std::nullopt;
  return key;
}

NoteSigner NoteSigner::Make(const std::string& name) {
  HEDGEROW_CHECK(sodium_init() >= 0, "libsodium cannot start");
  NoteSigner signer;
  signer.key_.name = name;
  crypto_sign_keypair(signer.key_.key.data(), signer.secret_.data());
  return signer;
}

std::optional<NoteSigner> NoteSigner::Parse(std::string_view text) {
  if (!text.starts_with(kPrivate)) return std::nullopt;
  auto parts = SplitKey(text.substr(kPrivate.size()));
  if (!parts || !ValidKeyName(parts->name)) return std::nullopt;
  NoteSigner signer;
  signer.key_.name = parts->name;
  crypto_sign_seed_keypair(signer.key_.key.data(), signer.secret_.data(), Raw(parts->bytes));
  sodium_memzero(parts->bytes.data(), parts->bytes.size());
  if (signer.key_.Id() != parts->id) return std::nullopt;
  return signer;
}

NoteSigner::~NoteSigner() {
  sodium_memzero(secret_.data(), secret_.size());
}

std::string NoteSigner::ToText() const {
  std::string bytes(kEd25519);
  bytes.append(reinterpret_cast<const char*>(secret_.data()), 32);  // the seed
  return fmt::format("{}{}+{}+{}", kPrivate, key_.name, ToHex(key_.Id()), ToBase64(bytes));
}

std::string NoteSigner::Sign(std::string_view text) const {
  std::string signature(crypto_sign_BYTES, '\0');
  crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr, Raw(text), text.size(),
                       secret_.data());
  return signature;
}

bool VerifySignature(const NoteKey& key, std::string_view text, std::string_view signature) {
  return signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(Raw(signature), Raw(text), text.size(), key.key.data()) == 0;
}

std::string SignedNote::ToText() const {
  std::string bytes = text + "\n";
  for (const NoteSignature& signature : signatures)
    bytes += fmt::format("{}{} {}\n", kDash, signature.name, ToBase64(signature.bytes));
  return bytes;
}

std::optional<SignedNote> ParseNote(std::string_view bytes) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < ' ' && c != '\n'; };
  if (!datasets::ValidUtf8(bytes) || std::any_of(bytes.begin(), bytes.end(), control)) return std::nullopt;
  // The last empty line parts the text from the signatures.
  const std::size_t empty = bytes.rfind("\n\n");
  if (empty == std::string_view::npos) return std::nullopt;
  SignedNote note{std::string(bytes.substr(0, empty + 1)), {}};
  std::string_view rest = bytes.substr(empty + 2);
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    auto signature = ParseSignature(rest.substr(0, end));
    if (!signature || note.signatures.size() == kMaxSignatures) return std::nullopt;
    note.signatures.push_back(std::move(*signature));
    rest.remove_prefix(end + 1);
  }
  if (note.signatures.empty() || note.ToText() != bytes) return std::nullopt;
  return note;
}

void SignNote(const NoteSigner& signer, SignedNote& note) {
  note.signatures.push_back({signer.key().name, signer.key().Id() + signer.Sign(note.text)});
}

std::optional<std::vector<NoteKey>> SignersOf(const SignedNote& note, const std::vector<NoteKey>& keys) {
  std::vector<NoteKey> signers;
  for (const NoteSignature& signature : note.signatures) {
    for (const NoteKey& key : keys) {
      if (key.name != signature.name || !signature.bytes.starts_with(key.Id())) continue;
      if (!VerifySignature(key, note.text, std::string_view(signature.bytes).substr(kIdBytes))) return std::nullopt;
      if (std::find(signers.begin(), signers.end(), key) == signers.end()) signers.push_back(key);
    }
  }
  return signers;
}

std::string Checkpoint::ToText() const {
  return fmt::format("{}\n{}\n{}\n", origin, size, ToBase64(BytesOf(root)));
}

std::optional<Checkpoint> ParseCheckpoint(std::string_view text) {
  const std::size_t first = text.find('\n');
  if (first == 0 || first == std::string_view::npos) return std::nullopt;
  const std::size_t second = text.find('\n', first + 1);
  if (second == std::string_view::npos || !text.ends_with('\n')) return std::nullopt;
  const auto size = datasets::ParseUnsigned(text.substr(first + 1, second - first - 1));
  const auto root = FromBase64(text.substr(second + 1, text.size() - second - 2));
  if (!size || !root || root->size() != sizeof(Hash)) return std::nullopt;
  Checkpoint checkpoint{std::string(text.substr(0, first)), *size, HashOf(*root)};
  if (checkpoint.ToText() != text) return std::nullopt;
  return checkpoint;
}

}  // namespace hedgerow::storage
