// C2SP signed notes, their Ed25519 keys, and checkpoints of logs, which are notes of a certain form.
//
// Thread rule: pure functions and plain values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/result.h"
#include "storage/evidence/merkle.h"

namespace hedgerow::storage {

// Standard base64 with padding. Decoding refuses what encoding would not have written.
std::string ToBase64(std::string_view bytes);
std::optional<std::string> FromBase64(std::string_view text);

// A public key and its name. As text: NAME+ID+BASE64, as Go's note package and C2SP's tools write it.
struct NoteKey {
  std::string name;
  std::array<unsigned char, 32> key{};
  std::string Id() const;  // 4 bytes
  std::string ToText() const;
  bool operator==(const NoteKey&) const = default;
};
std::optional<NoteKey> ParseNoteKey(std::string_view text);
// Printable ASCII without blanks and '+', 1 to 200 characters: more than C2SP asks for, so that it can stand anywhere.
bool ValidKeyName(std::string_view name);

// A secret key. As text: PRIVATE+KEY+NAME+ID+BASE64. Zeroed when it goes.
class NoteSigner {
 public:
  static NoteSigner Make(const std::string& name);
  static std::optional<NoteSigner> Parse(std::string_view text);
  NoteSigner(const NoteSigner&) = default;
  NoteSigner& operator=(const NoteSigner&) = default;
  ~NoteSigner();
  std::string ToText() const;
  const NoteKey& key() const { return key_; }
  std::string Sign(std::string_view text) const;  // 64 bytes

 private:
  NoteSigner() = default;
  NoteKey key_;
  std::array<unsigned char, 64> secret_{};
};

bool VerifySignature(const NoteKey& key, std::string_view text, std::string_view signature);

struct NoteSignature {
  std::string name;
  std::string bytes;  // the key's id, 4 bytes, and the signature
};
struct SignedNote {
  std::string text;  // with its final newline
  std::vector<NoteSignature> signatures;
  std::string ToText() const;
};
// Nothing if it is no note: not UTF-8, control characters, no signatures, or bytes that ToText would not write.
std::optional<SignedNote> ParseNote(std::string_view bytes);
void SignNote(const NoteSigner& signer, SignedNote& note);
// Which of the keys signed it. Signatures by other keys are passed over, as C2SP says; nothing if one of these keys
// seems to have signed and has not.
std::optional<std::vector<NoteKey>> SignersOf(const SignedNote& note, const std::vector<NoteKey>& keys);

// How far a log has come.
struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  Hash root{};
  std::string ToText() const;  // the note's
  bool operator==(const Checkpoint&) const = default;
};
// Of a note's text; nothing for extension lines, which are not written here.
std::optional<Checkpoint> ParseCheckpoint(std::string_view text);

}  // namespace hedgerow::storage
