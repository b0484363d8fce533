#include "tests/reference/reference_forest.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <set>

namespace hedgerow::reference {
namespace {

using U32 = std::uint32_t;
using U64 = std::uint64_t;
using I32 = std::int32_t;
using Group = std::vector<const Record*>;

U64 Mix64(U64 x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9ULL;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebULL;
  x ^= x >> 31;
  return x;
}

U32 Mix32(U32 x) {
  x ^= x >> 16;
  x *= 0x21f0aaadU;
  x ^= x >> 15;
  x *= 0x735a2d97U;
  x ^= x >> 15;
  return x;
}

U64 Hash(U64 a, U64 b) {
  return Mix64(a + 0x9e3779b97f4a7c15ULL * (b + 1));
}
U64 Hash(U64 a, U64 b, U64 c) {
  return Hash(Hash(a, b), c);
}
U64 Hash(U64 a, U64 b, U64 c, U64 d) {
  return Hash(Hash(a, b, c), d);
}
U32 Low(U64 x) {
  return static_cast<U32>(x & 0xffffffffULL);
}
U32 High(U64 x) {
  return static_cast<U32>(x >> 32);
}

I32 ValueRank(bool categorical, U32 salt, I32 cell) {
  const U32 x = static_cast<U32>(cell);
  if (categorical) return static_cast<I32>(Mix32(x ^ salt));
  return static_cast<I32>(x - (salt & 1));
}

// The occupancy rule: the k trees with the smallest words.
std::set<U32> TreesOf(const Parameters& p, U64 id) {
  std::vector<std::pair<U64, U32>> words;
  for (U32 t = 0; t < p.trees; ++t) words.emplace_back(Hash(p.seed, 1, t, id), t);
  std::sort(words.begin(), words.end());
  std::set<U32> trees;
  for (U32 i = 0; i < p.occupancy; ++i) trees.insert(words[i].second);
  return trees;
}

const Record* Anchor(const Group& records, U64 seed, U64 key, U64 j) {
  const Record* best = nullptr;
  std::pair<U32, U64> best_word;
  for (const Record* record : records) {
    const U32 tag = Low(Hash(seed, 2, record->id));
    const U32 word = Mix32(tag ^ High(key)) ^ Low(Hash(key, 7, j));
    if (best == nullptr || std::pair(word, record->id) < best_word) {
      best = record;
      best_word = {word, record->id};
    }
  }
  return best;
}

std::vector<U64> CountClasses(const Group& records, std::size_t classes) {
  std::vector<U64> counts(classes, 0);
  for (const Record* record : records) ++counts[record->label];
  return counts;
}

U64 SumOfSquares(const std::vector<U64>& counts) {
  U64 sum = 0;
  for (const U64 count : counts) sum += count * count;
  return sum;
}

bool Constant(const Group& records, std::size_t attribute) {
  return std::all_of(records.begin(), records.end(),
                     [&](const Record* record) { return record->cells[attribute] == records[0]->cells[attribute]; });
}

struct Bytes {
  std::string data;
  void U8(std::uint8_t v) { data.push_back(static_cast<char>(v)); }
  void Little(U64 v, int bytes) {
    for (int i = 0; i < bytes; ++i) data.push_back(static_cast<char>(v >> (8 * i)));
  }
  void Double(double v) {
    U64 bits = 0;
    std::memcpy(&bits, &v, 8);
    Little(bits, 8);
  }
  void Named(const std::string& name) {
    Little(name.size(), 4);
    data += name;
  }
  std::string Digest() const {
    std::string digest(32, '\0');
    crypto_generichash(reinterpret_cast<unsigned char*>(digest.data()), 32,
                       reinterpret_cast<const unsigned char*>(data.data()), data.size(), nullptr, 0);
    return digest;
  }
};

std::string DigestOf(const Node& node) {
  Bytes bytes;
  if (node.leaf) {
    bytes.U8(0);
    for (const U64 count : node.class_counts) bytes.Little(count, 4);
    for (const U64 id : node.ids) bytes.Little(id, 8);
    return bytes.Digest();
  }
  bytes.U8(1);
  bytes.Little(node.attribute, 4);
  bytes.U8(node.categorical ? 1 : 0);
  bytes.Little(node.word, 4);
  bytes.Little(static_cast<U32>(node.threshold), 4);
  bytes.data += DigestOf(node.children[0]);
  bytes.data += DigestOf(node.children[1]);
  return bytes.Digest();
}

}  // namespace

Forest::Forest(const Parameters& parameters, const datasets::Schema& schema, const std::vector<Record>& records)
    : parameters_(parameters), schema_(schema) {
  std::vector<Group> groups(parameters.trees);
  for (const Record& record : records) {
    for (const U32 tree : TreesOf(parameters, record.id)) groups[tree].push_back(&record);
  }
  for (U32 t = 0; t < parameters.trees; ++t) trees_.push_back(Grow(Hash(parameters.seed, 3, t), 0, groups[t]));
}

Node Forest::Grow(U64 key, U32 depth, const Group& records) const {
  const std::size_t classes = schema_.classes.size();
  const std::vector<U64> counts = CountClasses(records, classes);
  const auto occurring = classes - static_cast<std::size_t>(std::count(counts.begin(), counts.end(), 0U));
  Node node;
  node.class_counts = counts;
  for (const Record* record : records) node.ids.push_back(record->id);
  std::sort(node.ids.begin(), node.ids.end());
  if (depth == parameters_.max_depth || records.size() < parameters_.min_split || occurring <= 1) return node;

  std::vector<std::pair<U64, U32>> order;
  for (U32 a = 0; a < schema_.features.size(); ++a) order.emplace_back(Hash(key, 6, a), a);
  std::sort(order.begin(), order.end());
  std::optional<double> best;
  Group best_left, best_right;
  U32 used = 0;
  for (const auto& [order_word, attribute] : order) {
    const U32 a = attribute;  // which clang 14 wants before it is captured
    if (Constant(records, a)) continue;
    if (parameters_.max_features != 0 && used == parameters_.max_features) break;
    ++used;
    const bool categorical = schema_.features[a].type == datasets::FeatureType::kCategorical;
    const U32 salt = Low(order_word);
    for (U32 j = 0; j < parameters_.thresholds; ++j) {
      I32 threshold = ValueRank(categorical, salt, Anchor(records, parameters_.seed, key, j)->cells[a]);
      const auto rank = [&](const Record* record) { return ValueRank(categorical, salt, record->cells[a]); };
      if (std::none_of(records.begin(), records.end(), [&](const Record* r) { return rank(r) > threshold; }))
        --threshold;
      Group left, right;
      for (const Record* record : records) (rank(record) <= threshold ? left : right).push_back(record);
      if (left.size() < parameters_.min_leaf || right.size() < parameters_.min_leaf) continue;
      const double score =
          static_cast<double>(SumOfSquares(CountClasses(left, classes))) / static_cast<double>(left.size()) +
          static_cast<double>(SumOfSquares(CountClasses(right, classes))) / static_cast<double>(right.size());
      if (best && score <= *best) continue;
      best = score;
      best_left = left;
      best_right = right;
      node.attribute = a;
      node.categorical = categorical;
      node.word = categorical ? salt : salt & 1;
      node.threshold = threshold;
    }
  }
  if (!best) return node;
  node.leaf = false;
  node.children.push_back(Grow(Hash(key, 4), depth + 1, best_left));
  node.children.push_back(Grow(Hash(key, 5), depth + 1, best_right));
  return node;
}

std::string Forest::Root() const {
  Bytes header;
  const Parameters& p = parameters_;
  header.U8(2);
  header.Little(p.seed, 8);
  for (const U32 value : {p.trees, p.occupancy, p.max_depth, p.min_split, p.min_leaf, p.max_features, p.thresholds}) {
    header.Little(value, 4);
  }
  header.Double(p.smoothing);
  header.Little(schema_.features.size(), 4);
  for (const datasets::Feature& feature : schema_.features) {
    header.U8(feature.type == datasets::FeatureType::kCategorical ? 1 : 0);
    header.Named(feature.name);
  }
  header.Little(schema_.classes.size(), 4);
  for (const std::string& name : schema_.classes) header.Named(name);

  Bytes root;
  root.U8(3);
  root.data += header.Digest();
  for (const Node& tree : trees_) root.data += DigestOf(tree);
  std::string hex;
  for (const char c : root.Digest()) {
    hex += "0123456789abcdef"[static_cast<unsigned char>(c) / 16];
    hex += "0123456789abcdef"[static_cast<unsigned char>(c) % 16];
  }
  return hex;
}

std::vector<double> Forest::Predict(const std::vector<I32>& cells) const {
  const std::size_t classes = schema_.classes.size();
  std::vector<double> sums(classes, 0);
  for (const Node& tree : trees_) {
    const Node* node = &tree;
    while (!node->leaf) {
      const I32 rank = ValueRank(node->categorical, node->word, cells[node->attribute]);
      node = &node->children[rank <= node->threshold ? 0 : 1];
    }
    const double n = static_cast<double>(node->ids.size());
    const double s = parameters_.smoothing;
    const double c = static_cast<double>(classes);
    for (std::size_t y = 0; y < classes; ++y) {
      sums[y] += n + s == 0 ? 1 / c : (static_cast<double>(node->class_counts[y]) + s / c) / (n + s);
    }
  }
  for (double& sum : sums) sum /= static_cast<double>(trees_.size());
  return sums;
}

}  // namespace hedgerow::reference
