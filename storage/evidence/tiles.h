// Tiles of a log as C2SP's tlog-tiles has them: 256 hashes a tile, 256 entries a bundle. Paths, contents, growing.
// Knows nothing of where they are kept.
//
// Thread rule: pure functions; a TileGrower belongs to one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "datasets/result.h"
#include "storage/evidence/merkle.h"

namespace hedgerow::storage {

inline constexpr std::uint64_t kTileWidth = 256;
inline constexpr std::size_t kMaxLogEntryBytes = 65'535;  // a bundle has 16 bits for the length

struct Tile {
  unsigned level = 0;
  std::uint64_t index = 0;
  bool operator<(const Tile& other) const { return level != other.level ? level < other.level : index < other.index; }
  bool operator==(const Tile&) const = default;
};

// How many hashes this tile has in a tree of `size` entries: 0 to 256.
std::uint64_t WidthOf(const Tile& tile, std::uint64_t size);
// "tile/0/x001/234.p/17"; without the last part where the width is 256.
std::string TilePath(const Tile& tile, std::uint64_t width);
// "tile/entries/x001/234.p/17"
std::string BundlePath(std::uint64_t index, std::uint64_t width);
// All tiles that a tree of this size has, but those that a tree of size `except` has with the same width.
std::vector<Tile> TilesOf(std::uint64_t size, std::uint64_t except);

// What a bundle holds of an entry: its length in two bytes, the higher one first, and the entry.
void AppendToBundle(std::string_view entry, std::string& bundle);
// The entries of a bundle; nothing if its bytes are no bundle.
std::optional<std::vector<std::string_view>> EntriesOf(std::string_view bundle);

// The content of a tile: at least as many hashes as a tree of this size has there. May have more.
using ReadTile = std::function<Result<std::string>(const Tile& tile)>;
// The subtrees of a tree whose tiles can be read, for proofs. Tiles that were read are kept.
SubtreeHash SubtreesOf(ReadTile read);

// Adds leaves to a tree and tells which tiles changed.
class TileGrower {
 public:
  // `read` is asked for the partial tiles of the tree so far.
  TileGrower(std::uint64_t size, ReadTile read) : size_(size), read_(std::move(read)) {}
  Status Append(const Hash& leaf);
  std::uint64_t size() const { return size_; }
  // Those that are new or longer, with all that is in them.
  const std::map<Tile, std::string>& changed() const { return changed_; }

 private:
  Status Add(const Tile& tile, std::uint64_t width, const Hash& hash);

  std::uint64_t size_;
  ReadTile read_;
  std::map<Tile, std::string> changed_;
};

}  // namespace hedgerow::storage
