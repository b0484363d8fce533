#include "storage/evidence/commitment.h"

#include <sodium.h>

namespace hedgerow::storage {
namespace {

constexpr std::string_view kSubjectDomain = "hedgerow subject v1", kOpeningDomain = "hedgerow opening v1";

class Blake2b {
 public:
  explicit Blake2b(std::string_view domain) {
    crypto_generichash_init(&state_, nullptr, 0, sizeof(Hash));
    Add(domain);
  }
  Blake2b& Add(std::string_view bytes) {
    crypto_generichash_update(&state_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    return *this;
  }
  Hash Finish() {
    Hash hash;
    crypto_generichash_final(&state_, hash.data(), hash.size());
    return hash;
  }

 private:
  crypto_generichash_state state_;
};

Hash OpeningHash(const Hash& nonce, const Hash& pseudonym) {
  return Blake2b(kOpeningDomain).Add(BytesOf(nonce)).Add(BytesOf(pseudonym)).Finish();
}

}  // namespace

Hash PseudonymOf(const Identity& identity, const Hash& nonce) {
  return Blake2b(kSubjectDomain).Add(identity.is_record ? "r" : "s").Add(BytesOf(nonce)).Add(identity.id).Finish();
}

Commitment::Commitment(const std::vector<Identity>& identities) {
  static const int initialised = sodium_init();
  HEDGEROW_CHECK(initialised >= 0, "libsodium cannot start");
  nonces_.resize(identities.size());
  randombytes_buf(nonces_.data(), nonces_.size() * sizeof(Hash));
  for (std::size_t i = 0; i < identities.size(); ++i) {
    is_record_.push_back(identities[i].is_record);
    pseudonyms_.push_back(PseudonymOf(identities[i], nonces_[i]));
    leaves_.push_back(LeafHash(BytesOf(OpeningHash(nonces_[i], pseudonyms_[i]))));
  }
}

Hash Commitment::Root() const {
  return TreeHashOf(leaves_);
}

Opening Commitment::Open(std::size_t position) const {
  return Open(position, SubtreesOf(leaves_));
}

Opening Commitment::Open(std::size_t position, const SubtreeHash& subtrees) const {
  HEDGEROW_CHECK(position < size(), "nobody stands there in the request");
  return {is_record_[position],
          nonces_[position],
          pseudonyms_[position],
          position,
          size(),
          *InclusionProof(position, size(), subtrees)};
}

std::vector<Opening> Commitment::OpenAll() const {
  std::vector<Opening> openings;
  openings.reserve(size());
  const SubtreeHash subtrees = SubtreesOf(leaves_);
  for (std::size_t i = 0; i < size(); ++i) openings.push_back(Open(i, subtrees));
  return openings;
}

bool OpensTo(const Opening& opening, const Hash& root) {
  const Hash leaf = LeafHash(BytesOf(OpeningHash(opening.nonce, opening.pseudonym)));
  return VerifyInclusion(leaf, opening.position, opening.count, opening.path, root);
}

std::vector<Identity> IdentitiesOf(const std::vector<datasets::RecordId>& records,
                                   const std::vector<std::string>& subjects) {
  std::vector<Identity> identities;
  identities.reserve(records.size() + subjects.size());
  for (const datasets::RecordId id : records) identities.push_back({true, std::to_string(id)});
  for (const std::string& id : subjects) identities.push_back({false, id});
  return identities;
}

}  // namespace hedgerow::storage
