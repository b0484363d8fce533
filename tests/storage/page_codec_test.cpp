// Proves that pages read back to the same bytes, and that a decoder of pages stands anything: each truncation is
// refused, and every flipped bit and random damage gives nothing or a page within the ranges of its forest, without
// asking for more memory than the page could need. Sealed pages do not even come that far: every flipped bit is
// refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "forest/forest.h"
#include "storage/bytes.h"
#include "storage/codec.h"
#include "tests/storage/allocations.h"
#include "tests/support/data.h"
#include "unlearn/model.h"

namespace hedgerow::storage {
namespace {

using unlearn::Model;

Model Train(std::uint64_t seed, const tests::Shape& shape, std::uint32_t min_leaf, std::uint32_t max_depth) {
  std::mt19937_64 random(seed);
  const tests::Data data = tests::RandomData(random, shape);
  forest::Parameters parameters{
      .seed = seed, .trees = 2, .occupancy = 2, .max_depth = max_depth, .min_leaf = min_leaf, .thresholds = 3};
  const auto executor = forest::MakeSerialExecutor();
  auto model = Model::Train(parameters, data.schema, data.table, *executor);
  HEDGEROW_CHECK(model.ok(), "training failed");
  return std::move(*model);
}

// Models with all kinds of pages: inner nodes with large and small children, leaves with and without statistics, and
// small roots, one of them empty.
std::vector<Model> Models(std::uint64_t seed) {
  std::vector<Model> models;
  models.push_back(Train(seed, {420, 5, 3}, 1, 20));
  models.push_back(Train(seed + 1, {260, 3, 2}, 125, 20));
  models.push_back(Train(seed + 2, {150, 3, 2}, 1, 0));
  models.push_back(Train(seed + 3, {40, 4, 26}, 1, 20));
  models.push_back(Train(seed + 4, {0, 2, 2}, 1, 20));
  return models;
}

std::vector<std::string> PagesOf(const Model& model) {
  std::vector<std::string> pages;
  const forest::Forest& forest = model.forest();
  for (const forest::Tree& tree : forest.trees()) {
    if (tree.root.small() != nullptr) pages.push_back(EncodeSmallRoot(*tree.root.small()));
    forest::ForEachNode(tree.root,
                        [&](const forest::Node& node) { pages.push_back(EncodePage(forest.context(), node)); });
  }
  return pages;
}

std::string Encode(const Model& model, const Page& page) {
  const forest::Context& context = model.forest().context();
  return page.small != nullptr ? EncodeSmallRoot(*page.small) : EncodePage(context, *page.node);
}

void ExpectInRange(const Model& model, const forest::SmallTree& tree) {
  const forest::Records& records = model.records();
  std::size_t sum = 0;
  for (const forest::SmallNode& node : tree.nodes()) {
    if (node.leaf()) {
      sum += static_cast<std::size_t>(node.threshold);
    } else {
      EXPECT_LT(node.split().attribute, model.forest().width());
    }
  }
  EXPECT_EQ(sum, tree.slots().size());
  EXPECT_LE(sum, forest::kSmallRecords);
  EXPECT_TRUE(
      std::all_of(tree.slots().begin(), tree.slots().end(), [&](forest::Slot slot) { return records.Alive(slot); }));
}

void ExpectInRange(const Model& model, const Page& page) {
  EXPECT_NE(page.node == nullptr, page.small == nullptr);
  if (page.small != nullptr) return ExpectInRange(model, *page.small);
  const forest::Node& node = *page.node;
  EXPECT_EQ(node.class_counts.size(), model.forest().classes());
  EXPECT_LE(node.records, model.records().size());
  EXPECT_GT(node.records, forest::kSmallRecords);
  EXPECT_TRUE(!node.leaf() || node.leaf_slots().size() == node.records);
  for (const forest::Subtree* child : {&node.left, &node.right}) {
    EXPECT_EQ(child->node(), nullptr);
    if (child->small() != nullptr) ExpectInRange(model, *child->small());
  }
}

// Decodes; what comes out must be in range and survive another round.
bool Decode(const Model& model, std::string_view bytes) {
  const auto page = DecodePage(model.forest().context(), SlotLabels(model.records()), bytes);
  if (!page) return false;
  ExpectInRange(model, *page);
  const std::string again = Encode(model, *page);
  const auto second = DecodePage(model.forest().context(), SlotLabels(model.records()), again);
  EXPECT_TRUE(second.has_value());
  return second.has_value() && Encode(model, *second) == again;
}

TEST(PageCodec, RoundTripsEveryKindOfPage) {
  std::size_t pages = 0, leaves = 0, large_children = 0, small_roots = 0;
  for (const Model& model : Models(tests::Seed(74))) {
    for (const std::string& bytes : PagesOf(model)) {
      const auto page = DecodePage(model.forest().context(), SlotLabels(model.records()), bytes);
      ASSERT_TRUE(page);
      ASSERT_EQ(Encode(model, *page), bytes);
      ExpectInRange(model, *page);
      ++pages;
      small_roots += page->small != nullptr ? 1 : 0;
      if (page->node == nullptr) continue;
      leaves += page->node->leaf() ? 1 : 0;
      large_children += page->node->stored_left ? 1 : 0;
    }
  }
  EXPECT_GT(pages, 10U);
  EXPECT_GE(leaves, 2U);
  EXPECT_GE(large_children, 2U);
  EXPECT_GE(small_roots, 4U);
}

TEST(PageCodec, RefusesEveryTruncation) {
  for (const Model& model : Models(tests::Seed(75))) {
    for (const std::string& bytes : PagesOf(model)) {
      for (std::size_t length = 0; length < bytes.size(); ++length) {
        ASSERT_FALSE(DecodePage(model.forest().context(), SlotLabels(model.records()),
                                std::string_view(bytes).substr(0, length)));
      }
      ASSERT_FALSE(DecodePage(model.forest().context(), SlotLabels(model.records()), bytes + '\0'));
    }
  }
}

TEST(PageCodec, StandsEveryFlippedBit) {
  std::size_t taken = 0, refused = 0;
  for (const Model& model : Models(tests::Seed(76))) {
    for (const std::string& bytes : PagesOf(model)) {
      tests::ForgetAllocations();
      for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        std::string flipped = bytes;
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
        (Decode(model, flipped) ? taken : refused) += 1;
        ASSERT_FALSE(HasFailure()) << "bit " << bit << " of " << bytes.size() * 8;
      }
      ASSERT_LT(tests::LargestAllocation(), 1'000'000U);
    }
  }
  EXPECT_GT(taken, 1000U) << "many bits are counts and thresholds that a page alone cannot judge";
  EXPECT_GT(refused, 1000U);
}

TEST(PageCodec, StandsRandomDamage) {
  std::mt19937_64 random(tests::Seed(77));
  for (const Model& model : Models(77)) {
    const std::vector<std::string> pages = PagesOf(model);
    tests::ForgetAllocations();
    for (int k = 0; k < 4'000; ++k) {
      std::string noise = pages[random() % pages.size()];
      for (std::uint64_t n = 1 + random() % 3; n > 0; --n) {
        const std::size_t at = random() % noise.size();
        const std::size_t length = std::min<std::size_t>(1 + random() % 10, noise.size() - at);
        switch (random() % 4) {
          case 0:
            std::fill_n(noise.begin() + static_cast<std::ptrdiff_t>(at), length, '\xff');
            break;
          case 1:
            noise[at] = static_cast<char>(random());
            break;
          case 2:
            noise.erase(at, std::min(length, noise.size() - 1));
            break;
          default:
            noise.insert(at, std::string(length, static_cast<char>(random())));
        }
        if (noise.empty()) noise.assign(1, '\x02');
      }
      Decode(model, noise);
      ASSERT_FALSE(HasFailure()) << "mutation " << k;
    }
    ASSERT_LT(tests::LargestAllocation(), 1'000'000U);
  }
}

// A page of one forest is not taken for one of another shape, unless it fits.
TEST(PageCodec, StandsPagesOfOtherForests) {
  const std::vector<Model> models = Models(tests::Seed(78));
  for (const Model& model : models) {
    for (const Model& other : models) {
      for (const std::string& bytes : PagesOf(other)) Decode(model, bytes);
    }
  }
}

TEST(PageCodec, IsRefusedByItsSealForEveryBit) {
  const Model model = Train(tests::Seed(79), {420, 5, 3}, 1, 20);
  for (const std::string& bytes : PagesOf(model)) {
    const std::string sealed = Seal("key", bytes);
    for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
      std::string flipped = sealed;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
      ASSERT_FALSE(Unseal("key", flipped));
    }
  }
}

}  // namespace
}  // namespace hedgerow::storage
