// Proves that pages which somebody has sealed well, but which are not what their records make, end nothing when their
// tree has to catch up with updates: records that stand on the wrong side, counts of splits that nobody took yet,
// leaves of small trees that hold each other's records. The store is refused, naming the tree, or the tree comes out
// right.
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "forest/statistics.h"
#include "storage/bytes.h"
#include "storage/codec.h"
#include "storage/database.h"
#include "storage/hedge_pages.h"
#include "storage/keys.h"
#include "tests/storage/store_fixture.h"

namespace hedgerow::storage {
namespace {

namespace fs = std::filesystem;
using forest::Node;
using forest::Slot;
using forest::SmallTree;

constexpr std::uint32_t kTrees = 4;

class ForgedPageTest : public StoreTest {
 protected:
  // A store whose trees have yet to forget and to learn what came since they were stored, and a model that has the
  // stored trees. All records are in all trees.
  void Make(const tests::Shape& shape, const forest::Parameters& parameters) {
    data_ = People(random_, shape);
    parameters_ = parameters;
    const Table first = tests::Take(data_.table, Positions(kLearned, data_.table.size()));
    stored_ = std::make_unique<unlearn::Model>(Train(parameters, data_.schema, first));
    StorePointer store = Create({data_.schema, first}, parameters);
    Reopen(store);  // so that what follows is news
    ASSERT_TRUE(store->Learn(tests::Take(data_.table, Positions(0, kLearned))).ok());
    for (std::size_t i = kLearned; i < kLearned + kForgotten; ++i) {
      forgotten_.insert(data_.table.ids[i]);
      ASSERT_TRUE(store->Forget({.records = {data_.table.ids[i]}}).ok());
    }
    root_ = store->Root();
    store.reset();
    healthy_ = directory_;
  }

  static std::vector<std::size_t> Positions(std::size_t begin, std::size_t end) {
    std::vector<std::size_t> positions;
    for (std::size_t i = begin; i < end; ++i) positions.push_back(i);
    return positions;
  }

  const forest::Context& context() const { return stored_->forest().context(); }
  Node& Root(std::uint32_t tree) const { return *stored_->forest().trees()[tree].root.node(); }
  bool Forgotten(Slot slot) const { return forgotten_.contains(stored_->records().id(slot)); }
  std::uint32_t Label(Slot slot) const { return stored_->records().label(slot); }

  // A fresh copy of the store, with these pages under good seals.
  void CopyWith(const std::map<std::string, std::string>& pages) {
    directory_ = scratch_.Path("forged");
    fs::remove_all(directory_);
    fs::copy(healthy_, directory_, fs::copy_options::recursive);
    auto database = Database::Open(DatabasePath(directory_), Database::Mode::kWrite);
    ASSERT_TRUE(database.ok()) << database.error().ToString();
    Database::Batch batch(**database);
    for (const auto& [key, body] : pages) batch.Put(Family::kPages, key, Seal(key, body));
    ASSERT_TRUE((*database)->Write(batch, false).ok());
  }
  // The same with these nodes of the model in their pages' places.
  void Forge(std::uint32_t tree, const std::vector<const Node*>& nodes) {
    std::map<std::string, std::string> pages;
    for (const Node* node : nodes) pages[PageKey(tree, node->path, node->depth)] = EncodePage(context(), *node);
    CopyWith(pages);
  }

  // Whether the forged store was refused. If not, it must be the one that it was.
  bool Refused(std::uint32_t tree) {
    const auto store = TryOpen(OpenMode::kRead);
    if (store.ok()) {
      EXPECT_EQ((*store)->Root(), root_);
      return false;
    }
    ExpectFails(store.error(), ErrorCode::kStoreDamaged, fmt::format("tree {} is damaged", tree));
    EXPECT_EQ(store.error().place, directory_);
    return true;
  }

  // The same small tree with one record in another's place.
  SmallTree::Pointer Exchanged(const SmallTree& small, Slot one, Slot other) const {
    forest::SmallTreeParts parts;
    parts.nodes.assign(small.nodes().begin(), small.nodes().end());
    parts.counts.assign(small.counts().begin(), small.counts().end());
    small.slots().AppendTo(parts.slots);
    parts.leaves = static_cast<std::uint32_t>(parts.counts.size() / context().classes);
    for (Slot& slot : parts.slots) slot = slot == one ? other : slot == other ? one : slot;
    return SmallTree::Make(parts, context().classes);
  }

  // A record of the first that is forgotten, and one of the second that is not and has its class.
  using At = std::vector<Slot>::iterator;
  std::optional<std::pair<At, At>> Alike(std::vector<Slot>& goes, std::vector<Slot>& stays) const {
    const At one = std::find_if(goes.begin(), goes.end(), [&](Slot slot) { return Forgotten(slot); });
    if (one == goes.end()) return std::nullopt;
    const At other = std::find_if(stays.begin(), stays.end(),
                                  [&](Slot slot) { return !Forgotten(slot) && Label(slot) == Label(*one); });
    if (other == stays.end()) return std::nullopt;
    return std::pair{one, other};
  }

  static std::vector<Slot> SlotsOf(const SmallTree& small) {
    std::vector<Slot> slots;
    small.slots().AppendTo(slots);
    return slots;
  }

  static constexpr std::size_t kLearned = 2, kForgotten = 3;

  std::mt19937_64 random_{tests::Seed(91)};
  tests::Data data_;
  forest::Parameters parameters_;
  std::unique_ptr<unlearn::Model> stored_;
  std::set<RecordId> forgotten_;
  std::string healthy_;
  forest::Digest root_;
};

TEST_F(ForgedPageTest, NothingIsSaidOfPagesAsTheyWere) {
  Make({230, 4, 2}, {.seed = 5, .trees = kTrees, .occupancy = kTrees});
  for (std::uint32_t t = 0; t < kTrees; ++t) {
    Forge(t, {&Root(t)});
    EXPECT_FALSE(Refused(t));
  }
}

// Two records of one class in each other's small tree: all counts fit.
TEST_F(ForgedPageTest, ARecordOnTheWrongSideOfASmallTreesParent) {
  // Hardly more than make a large root, so that both of its children are small.
  Make({140, 4, 2}, {.seed = 5, .trees = kTrees, .occupancy = kTrees});
  std::size_t refused = 0;
  for (std::uint32_t t = 0; t < kTrees; ++t) {
    Node& root = Root(t);
    if (root.left.small() == nullptr || root.right.small() == nullptr) continue;
    std::vector<Slot> lefts = SlotsOf(*root.left.small()), rights = SlotsOf(*root.right.small());
    auto alike = Alike(lefts, rights);
    if (!alike) alike = Alike(rights, lefts);
    if (!alike) continue;
    for (forest::Subtree* child : {&root.left, &root.right})
      *child = Exchanged(*child->small(), *alike->first, *alike->second);
    Forge(t, {&root});
    refused += Refused(t) ? 1 : 0;  // unless the root's split changes, so that all is grown anew
  }
  EXPECT_GT(refused, 0U);
}

// The same in leaves that are large.
TEST_F(ForgedPageTest, ARecordInTheWrongLeaf) {
  Make({900, 4, 2}, {.seed = 5, .trees = kTrees, .occupancy = kTrees, .max_depth = 1});
  std::size_t refused = 0;
  for (std::uint32_t t = 0; t < kTrees; ++t) {
    Node& root = Root(t);
    if (root.left.node() == nullptr || root.right.node() == nullptr) continue;
    std::vector<Slot>& lefts = root.left.node()->MutableLeafSlots();
    std::vector<Slot>& rights = root.right.node()->MutableLeafSlots();
    const auto alike = Alike(lefts, rights);
    if (!alike) continue;
    std::swap(*alike->first, *alike->second);
    Forge(t, {root.left.node(), root.right.node()});
    refused += Refused(t) ? 1 : 0;
  }
  EXPECT_GT(refused, 0U);
}

// Each candidate but the champion in turn is said to part the classes altogether, so that it will be the champion as
// soon as anybody looks. Either the statistics are counted anew before, or it is found out.
TEST_F(ForgedPageTest, CountsOfASplitThatNobodyTook) {
  Make({230, 4, 2}, {.seed = 5, .trees = kTrees, .occupancy = kTrees, .thresholds = 3});
  std::size_t refused = 0;
  for (std::uint32_t t = 0; t < kTrees; ++t) {
    Node& root = Root(t);
    forest::Statistics& statistics = root.statistics;
    ASSERT_EQ(statistics.count_bytes(), 1U);
    const auto count = [&](std::size_t row, std::size_t c) -> std::uint8_t& {
      return static_cast<std::uint8_t*>(statistics.row(row))[c];
    };
    for (std::size_t j = 0; j < statistics.anchors().size(); ++j) {
      for (std::size_t lane = 0; lane < statistics.lanes(); ++lane) {
        const std::size_t c = j * statistics.stride() + lane;
        if (c == root.champion) continue;
        const std::array<std::uint8_t, 4> before{count(0, c), count(1, c), count(2, c), count(3, c)};
        count(0, c) = static_cast<std::uint8_t>(root.class_counts[0]);
        count(1, c) = count(2, c) = count(3, c) = 0;
        Forge(t, {&root});
        refused += Refused(t) ? 1 : 0;
        for (std::size_t row = 0; row < before.size(); ++row) count(row, c) = before[row];
      }
    }
  }
  EXPECT_GT(refused, 0U);
}

// Two records in each other's leaf of one small tree, from which another one goes.
TEST_F(ForgedPageTest, LeavesOfASmallTreeThatHoldEachOthersRecords) {
  Make({230, 4, 2}, {.seed = 5, .trees = kTrees, .occupancy = kTrees});
  std::size_t forged = 0;
  for (std::uint32_t t = 0; t < kTrees; ++t) {
    Node& root = Root(t);
    for (forest::Subtree* child : {&root.left, &root.right}) {
      if (child->small() == nullptr) continue;
      const std::vector<Slot> slots = SlotsOf(*child->small());
      if (std::none_of(slots.begin(), slots.end(), [&](Slot slot) { return Forgotten(slot); })) continue;
      const auto stays = [&](Slot slot) { return !Forgotten(slot); };
      const auto first = std::find_if(slots.begin(), slots.end(), stays);
      if (first == slots.end()) continue;
      const auto last = std::find_if(slots.rbegin(), slots.rend(),
                                     [&](Slot slot) { return stays(slot) && Label(slot) == Label(*first); });
      if (*first == *last) continue;
      *child = Exchanged(*child->small(), *first, *last);
      Forge(t, {&root});
      EXPECT_FALSE(Refused(t));
      ++forged;
    }
  }
  EXPECT_GT(forged, 0U);
}

// The model does without a hedge whose page is false, and without one that turns out to be false when it is told of
// what came since. Only one that fits in all that is looked at, and is taken, can give another model.
TEST_F(ForgedPageTest, HedgesOfAnyContentAreLeftOut) {
  data_ = People(random_, {900, 4, 2});
  Create(data_, {.seed = 5, .trees = kTrees, .occupancy = kTrees, .thresholds = 3}).reset();
  defer_ = {.inline_records = 1'000, .inline_counted = 1'000, .hedges = {.min_records = 129, .horizon = 1'000}};
  StorePointer store = Open();
  const auto forget = [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) ASSERT_TRUE(store->Forget({.records = {data_.table.ids[i]}}).ok());
  };
  forget(0, 20);
  while (store->model().Step()) continue;
  ASSERT_TRUE(store->Checkpoint().ok());
  forget(20, 40);
  root_ = store->Root();
  store.reset();
  defer_.reset();
  healthy_ = directory_;

  std::vector<std::pair<std::string, std::string>> hedges;
  {
    auto database = Database::Open(DatabasePath(healthy_), Database::Mode::kRead);
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE((*database)
                    ->Scan(Family::kPages, HedgeKey(0, 0, 0), HedgeKey(kTrees, 0, 0),
                           [&](std::string_view key, std::string_view value) {
                             hedges.emplace_back(key, *Unseal(key, value));
                             return Status();
                           })
                    .ok());
  }
  ASSERT_FALSE(hedges.empty());
  std::size_t right = 0;
  constexpr std::size_t kForged = 150;
  for (std::size_t k = 0; k < kForged; ++k) {
    auto [key, body] = hedges[random_() % hedges.size()];
    body[random_() % body.size()] ^= static_cast<char>(1 << random_() % 8);
    CopyWith({{key, body}});
    const auto opened = TryOpen(OpenMode::kRead);
    ASSERT_TRUE(opened.ok()) << opened.error().ToString();
    right += (*opened)->Root() == root_ ? 1 : 0;
  }
  EXPECT_GT(right, kForged * 9 / 10);
}

}  // namespace
}  // namespace hedgerow::storage
