// Commitments to who a request named, and their openings (docs/evidence.md, "Who was named").
//
//   pseudonym = BLAKE2b-256("hedgerow subject v1" || kind || nonce || id)      kind: "s" a person, "r" a record
//   leaf      = BLAKE2b-256("hedgerow opening v1" || nonce || pseudonym)
//   subjects  = the RFC 6962 tree hash over the leaves of all who were named, in the order of the request
//
// The nonce has 32 random bytes, and stands in the receipt alone. Two steps, so that a receipt can be checked to its
// last byte without the id; a tree, so that each of many persons in one request has a receipt that tells of nobody
// else.
//
// Thread rule: pure functions and plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/table.h"
#include "storage/evidence/merkle.h"

namespace hedgerow::storage {

// Who is named: a person by her id, or a record by its number in decimal.
struct Identity {
  bool is_record = false;
  std::string id;
};

struct Opening {
  bool is_record = false;
  Hash nonce{}, pseudonym{};
  std::uint64_t position = 0, count = 0;
  std::vector<Hash> path;  // RFC 6962 inclusion proof of the leaf
};

Hash PseudonymOf(const Identity& identity, const Hash& nonce);

// The commitment to all whom a request names, with new nonces. Whoever holds this can open it; keep it no longer than
// the receipts take.
class Commitment {
 public:
  Commitment() = default;
  explicit Commitment(const std::vector<Identity>& identities);
  bool empty() const { return leaves_.empty(); }
  std::size_t size() const { return leaves_.size(); }
  Hash Root() const;
  Opening Open(std::size_t position) const;
  // All of them, in the order of the request.
  std::vector<Opening> OpenAll() const;

 private:
  Opening Open(std::size_t position, const SubtreeHash& subtrees) const;

  std::vector<bool> is_record_;
  std::vector<Hash> nonces_, pseudonyms_, leaves_;
};

// Whether the opening fits the commitment; that is, that nonce and pseudonym are those of the request.
bool OpensTo(const Opening& opening, const Hash& root);

// Records first, then persons, as in a request.
std::vector<Identity> IdentitiesOf(const std::vector<datasets::RecordId>& records,
                                   const std::vector<std::string>& subjects);

}  // namespace hedgerow::storage
