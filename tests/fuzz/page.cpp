// Values of the store: pages, records, headers, counters, progress, entries of the journal. The first byte says of
// which kind the rest is. Whatever is taken for a value is written and read back the same.
#include <random>

#include "forest/forest.h"
#include "storage/codec.h"
#include "storage/journal.h"
#include "tests/fuzz/target.h"
#include "tests/support/data.h"
#include "unlearn/model.h"

namespace hedgerow::fuzz {
namespace {

enum class Kind : std::uint8_t { kPage, kRecord, kHeader, kCounters, kProgress, kEntry };
constexpr std::size_t kKinds = 6;
// Many classes and few, leaves that stay large, a root that is small, one without records.
constexpr std::size_t kModels = 4;

const std::vector<unlearn::Model>& Models() {
  static const std::vector<unlearn::Model> models = [] {
    const auto executor = forest::MakeSerialExecutor();
    std::vector<unlearn::Model> made;
    std::uint64_t seed = 1;
    for (const auto& [shape, min_leaf] :
         {std::pair{tests::Shape{420, 5, 3}, 1U}, {{260, 3, 2}, 125U}, {{40, 4, 26}, 1U}, {{0, 2, 2}, 1U}}) {
      std::mt19937_64 random(seed);
      const tests::Data data = tests::RandomData(random, shape);
      auto model =
          unlearn::Model::Train({.seed = seed++, .trees = 2, .occupancy = 2, .min_leaf = min_leaf, .thresholds = 3},
                                data.schema, data.table, *executor);
      HEDGEROW_CHECK(model.ok(), "training failed");
      made.push_back(std::move(*model));
    }
    return made;
  }();
  return models;
}

std::string Encode(const forest::Context& context, const storage::Page& page) {
  if (page.small != nullptr) return storage::EncodeSmallRoot(*page.small);
  return storage::EncodePage(context, *page.node);
}

bool RunPage(const unlearn::Model& model, std::string_view bytes) {
  const forest::Context& context = model.forest().context();
  const storage::SlotLabels labels(model.records());
  const auto page = storage::DecodePage(context, labels, bytes);
  if (!page || page->quarantined) return page.has_value();
  const std::string again = Encode(context, *page);
  const auto second = storage::DecodePage(context, labels, again);
  HEDGEROW_CHECK(second && Encode(context, *second) == again, "a page that does not read back");
  return true;
}

// Reads a value, and if it is one, writes it and reads it back.
template <class Decode, class EncodeIt>
bool RunValue(std::string_view bytes, const Decode& decode, const EncodeIt& encode) {
  const auto value = decode(bytes);
  if (!value) return false;
  const std::string again = encode(*value);
  const auto second = decode(again);
  HEDGEROW_CHECK(second && encode(*second) == again, "a value that does not read back");
  return true;
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  const auto add = [&](Kind kind, std::size_t model, const std::string& bytes) {
    seeds.push_back(std::string{static_cast<char>(static_cast<std::size_t>(kind) + kKinds * model)} + bytes);
  };
  for (std::size_t m = 0; m < kModels; ++m) {
    const forest::Forest& forest = Models()[m].forest();
    for (const forest::Tree& tree : forest.trees()) {
      if (tree.root.small() != nullptr) add(Kind::kPage, m, storage::EncodeSmallRoot(*tree.root.small()));
      forest::ForEachNode(tree.root, [&](const forest::Node& node) {
        add(Kind::kPage, m, storage::EncodePage(forest.context(), node));
      });
    }
    storage::RecordValue record{.born = 3, .slot = 5, .id = 1'000'000'007, .label = 1, .subject_key = "", .cells = {}};
    record.cells.assign(forest.width(), 77);
    add(Kind::kRecord, m, storage::EncodeRecord(record));
    add(Kind::kHeader, m, storage::EncodeHeader({forest.parameters(), forest.schema(), {}}));
  }
  add(Kind::kCounters, 0, storage::EncodeCounters({7, 300, 420, 100, 9}));
  add(Kind::kProgress, 0, storage::EncodeProgress({5, 1'700'000'000'000'000, 4}));
  storage::JournalEntry entry;
  entry.request_key = entry.content_key = std::string(storage::kOpaqueBytes, 'k');
  entry.records = 2;
  entry.erased.assign(2, std::string(storage::kOpaqueBytes, 'r'));
  add(Kind::kEntry, 0, storage::EncodeEntry(entry));
  return seeds;
}

bool Run(std::string_view input) {
  if (input.empty()) return false;
  const auto first = static_cast<unsigned char>(input.front());
  const unlearn::Model& model = Models()[first / kKinds % kModels];
  const std::size_t width = model.forest().width(), classes = model.forest().classes();
  input.remove_prefix(1);
  switch (static_cast<Kind>(first % kKinds)) {
    case Kind::kPage:
      return RunPage(model, input);
    case Kind::kRecord:
      return RunValue(
          input, [&](std::string_view bytes) { return storage::DecodeRecord(bytes, width, classes); },
          storage::EncodeRecord);
    case Kind::kHeader:
      return RunValue(input, storage::DecodeHeader, storage::EncodeHeader);
    case Kind::kCounters:
      return RunValue(input, storage::DecodeCounters, storage::EncodeCounters);
    case Kind::kProgress:
      return RunValue(input, storage::DecodeProgress, storage::EncodeProgress);
    case Kind::kEntry:
      return RunValue(input, storage::DecodeEntry, storage::EncodeEntry);
  }
  return false;
}

}  // namespace hedgerow::fuzz
