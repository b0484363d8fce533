// Proves that the tree is the one of RFC 6962: against the test vectors of Certificate Transparency, against a naive
// tree written from the RFC's definition for every size up to 300, and at random sizes up to a million, where proofs
// come from tiles. And that no proof is taken for another one.
#include "storage/evidence/merkle.h"

#include <gtest/gtest.h>

#include <bit>
#include <random>

#include "storage/bytes.h"
#include "storage/evidence/tiles.h"
#include "tests/support/data.h"

namespace hedgerow::storage {
namespace {

std::string Hex(const Hash& hash) {
  return ToHex(BytesOf(hash));
}

// MTH as the RFC writes it.
Hash Naive(const std::vector<Hash>& leaves, std::size_t begin, std::size_t end) {
  if (begin == end) return Sha256("");
  if (end - begin == 1) return leaves[begin];
  std::size_t split = 1;
  while (split * 2 < end - begin) split *= 2;
  return NodeHash(Naive(leaves, begin, begin + split), Naive(leaves, begin + split, end));
}

std::vector<Hash> Leaves(std::size_t count) {
  std::vector<Hash> leaves;
  for (std::size_t i = 0; i < count; ++i) leaves.push_back(LeafHash(std::to_string(i)));
  return leaves;
}

TEST(MerkleTest, VectorsOfCertificateTransparency) {
  const char* const inputs[] = {
      "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
  const char* const roots[] = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                               "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                               "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                               "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                               "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                               "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                               "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                               "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  std::vector<Hash> leaves;
  EXPECT_EQ(Hex(TreeHashOf(leaves)), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (std::size_t i = 0; i < 8; ++i) {
    leaves.push_back(LeafHash(*FromHex(inputs[i])));
    EXPECT_EQ(Hex(TreeHashOf(leaves)), roots[i]) << i + 1;
  }
}

TEST(MerkleTest, InclusionForEverySizeUpTo300) {
  const std::vector<Hash> leaves = Leaves(300);
  for (std::size_t size = 1; size <= 300; ++size) {
    const Hash root = Naive(leaves, 0, size);
    ASSERT_EQ(*TreeHash(size, SubtreesOf(leaves)), root);
    for (std::size_t index = 0; index < size; ++index) {
      const auto proof = *InclusionProof(index, size, SubtreesOf(leaves));
      ASSERT_TRUE(VerifyInclusion(leaves[index], index, size, proof, root)) << index << " of " << size;
      ASSERT_FALSE(VerifyInclusion(leaves[(index + 1) % 300], index, size, proof, root));
      ASSERT_FALSE(VerifyInclusion(leaves[index], index + 1, size, proof, root));
    }
    ASSERT_FALSE(VerifyInclusion(leaves[0], size, size, {}, root));
  }
}

TEST(MerkleTest, ConsistencyForEverySizeUpTo300) {
  const std::vector<Hash> leaves = Leaves(300);
  std::vector<Hash> roots;
  for (std::size_t size = 0; size <= 300; ++size) roots.push_back(Naive(leaves, 0, size));
  for (std::size_t size = 0; size <= 300; ++size) {
    for (std::size_t old_size = 0; old_size <= size; ++old_size) {
      const auto proof = *ConsistencyProof(old_size, size, SubtreesOf(leaves));
      ASSERT_TRUE(VerifyConsistency(old_size, size, roots[old_size], roots[size], proof)) << old_size << " " << size;
      const Hash other = LeafHash("another");
      ASSERT_FALSE(VerifyConsistency(old_size, size, other, roots[size], proof)) << old_size << " " << size;
      ASSERT_FALSE(old_size != 0 && VerifyConsistency(old_size, size, roots[old_size], other, proof));
    }
  }
  EXPECT_FALSE(VerifyConsistency(2, 1, roots[2], roots[1], {}));
}

// Every hash of a proof counts, and so does their number.
TEST(MerkleTest, ChangedProofsAreRefused) {
  const std::vector<Hash> leaves = Leaves(300);
  std::mt19937_64 random(tests::Seed(101));
  for (int round = 0; round < 300; ++round) {
    const std::size_t size = 2 + random() % 299, index = random() % size, old_size = 1 + random() % (size - 1);
    const Hash root = Naive(leaves, 0, size), old_root = Naive(leaves, 0, old_size);
    const auto inclusion = *InclusionProof(index, size, SubtreesOf(leaves));
    const auto consistency = *ConsistencyProof(old_size, size, SubtreesOf(leaves));
    for (std::size_t k = 0; k < inclusion.size(); ++k) {
      auto changed = inclusion;
      changed[k][random() % 32] ^= 1;
      EXPECT_FALSE(VerifyInclusion(leaves[index], index, size, changed, root));
      changed = inclusion;
      changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(k));
      EXPECT_FALSE(VerifyInclusion(leaves[index], index, size, changed, root));
    }
    for (std::size_t k = 0; k < consistency.size(); ++k) {
      auto changed = consistency;
      changed[k][random() % 32] ^= 1;
      EXPECT_FALSE(VerifyConsistency(old_size, size, old_root, root, changed)) << old_size << " " << size << " " << k;
      changed = consistency;
      changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(k));
      EXPECT_FALSE(VerifyConsistency(old_size, size, old_root, root, changed));
    }
    auto longer = inclusion;
    longer.push_back(root);
    EXPECT_FALSE(VerifyInclusion(leaves[index], index, size, longer, root));
    longer = consistency;
    longer.push_back(root);
    EXPECT_FALSE(VerifyConsistency(old_size, size, old_root, root, longer));
  }
}

// One tree of a million entries, grown in tiles; smaller trees are read from the same tiles.
TEST(MerkleTest, RandomSizesUpToAMillionFromTiles) {
  std::mt19937_64 random(tests::Seed(102));
  constexpr std::uint64_t kSize = 1'000'000;
  TileGrower grower(0, [](const Tile&) -> Result<std::string> { return Error{}; });
  std::vector<Hash> leaves;
  for (std::uint64_t i = 0; i < kSize; ++i) {
    leaves.push_back(LeafHash(std::to_string(i)));
    ASSERT_TRUE(grower.Append(leaves.back()).ok());
  }
  std::uint64_t reads = 0;
  const SubtreeHash tiles = SubtreesOf([&](const Tile& tile) -> Result<std::string> {
    ++reads;
    return grower.changed().at(tile);
  });
  EXPECT_EQ(*TreeHash(kSize, tiles), Naive(leaves, 0, kSize));
  for (int round = 0; round < 500; ++round) {
    const std::uint64_t size = 1 + random() % kSize, index = random() % size, old_size = random() % (size + 1);
    const Hash root = *TreeHash(size, tiles), old_root = *TreeHash(old_size, tiles);
    ASSERT_TRUE(round >= 5 || root == Naive(leaves, 0, size));
    ASSERT_TRUE(VerifyInclusion(leaves[index], index, size, *InclusionProof(index, size, tiles), root));
    ASSERT_TRUE(VerifyConsistency(old_size, size, old_root, root, *ConsistencyProof(old_size, size, tiles)));
    ASSERT_FALSE(VerifyInclusion(leaves[index], index, size, *InclusionProof(index, size, tiles), old_root) &&
                 old_size != size);
  }
  EXPECT_LE(reads, grower.changed().size()) << "each tile is read once";
}

}  // namespace
}  // namespace hedgerow::storage
