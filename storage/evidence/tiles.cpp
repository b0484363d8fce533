#include "storage/evidence/tiles.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace hedgerow::storage {
namespace {

constexpr unsigned kTileHeight = 8;  // 2^8 hashes

// The hashes that a level of tiles has in a tree of this size.
std::uint64_t HashesAt(unsigned level, std::uint64_t size) {
  return level * kTileHeight >= 64 ? 0 : size >> (level * kTileHeight);
}

std::string PathOf(const std::string& folder, std::uint64_t index, std::uint64_t width) {
  std::string path = fmt::format("{:03}", index % 1000);
  for (index /= 1000; index != 0; index /= 1000) path = fmt::format("x{:03}/{}", index % 1000, path);
  return width == kTileWidth ? fmt::format("{}/{}", folder, path) : fmt::format("{}/{}.p/{}", folder, path, width);
}

Hash HashAt(std::string_view tile, std::uint64_t position) {
  return HashOf(tile.substr(static_cast<std::size_t>(position) * sizeof(Hash), sizeof(Hash)));
}

// Of 2^levels hashes of a tile.
Hash Combine(std::string_view tile, std::uint64_t position, unsigned levels) {
  if (levels == 0) return HashAt(tile, position);
  return NodeHash(Combine(tile, position, levels - 1), Combine(tile, position + (1ULL << (levels - 1)), levels - 1));
}

}  // namespace

std::uint64_t WidthOf(const Tile& tile, std::uint64_t size) {
  const std::uint64_t hashes = HashesAt(tile.level, size), first = tile.index * kTileWidth;
  return hashes <= first ? 0 : std::min(kTileWidth, hashes - first);
}

std::string TilePath(const Tile& tile, std::uint64_t width) {
  return PathOf(fmt::format("tile/{}", tile.level), tile.index, width);
}

std::string BundlePath(std::uint64_t index, std::uint64_t width) {
  return PathOf("tile/entries", index, width);
}

std::vector<Tile> TilesOf(std::uint64_t size, std::uint64_t except) {
  std::vector<Tile> tiles;
  for (unsigned level = 0; HashesAt(level, size) != 0; ++level) {
    const std::uint64_t end = (HashesAt(level, size) + kTileWidth - 1) / kTileWidth;
    for (std::uint64_t index = HashesAt(level, except) / kTileWidth; index < end; ++index) {
      const Tile tile{level, index};
      if (WidthOf(tile, size) != WidthOf(tile, except)) tiles.push_back(tile);
    }
  }
  return tiles;
}

void AppendToBundle(std::string_view entry, std::string& bundle) {
  HEDGEROW_CHECK(entry.size() <= kMaxLogEntryBytes, "an entry of the log is too long");
  bundle.push_back(static_cast<char>(entry.size() >> 8));
  bundle.push_back(static_cast<char>(entry.size() & 0xff));
  bundle.append(entry);
}

std::optional<std::vector<std::string_view>> EntriesOf(std::string_view bundle) {
  std::vector<std::string_view> entries;
  while (!bundle.empty()) {
    if (bundle.size() < 2) return std::nullopt;
    const std::size_t size = static_cast<unsigned char>(bundle[0]) << 8 | static_cast<unsigned char>(bundle[1]);
    if (bundle.size() < 2 + size) return std::nullopt;
    entries.push_back(bundle.substr(2, size));
    bundle.remove_prefix(2 + size);
  }
  return entries;
}

SubtreeHash SubtreesOf(ReadTile read) {
  auto tiles = std::make_shared<std::map<Tile, std::string>>();
  return [read = std::move(read), tiles](unsigned level, std::uint64_t index) -> Result<Hash> {
    const unsigned above = level % kTileHeight;
    const std::uint64_t first = index << above;
    const Tile tile{level / kTileHeight, first / kTileWidth};
    auto found = tiles->find(tile);
    if (found == tiles->end()) {
      Result<std::string> content = read(tile);
      if (!content) return content.error();
      found = tiles->emplace(tile, std::move(*content)).first;
    }
    const std::uint64_t position = first % kTileWidth;
    if (found->second.size() < (position + (1ULL << above)) * sizeof(Hash)) {
      return Error{ErrorCode::kStoreDamaged, "a tile of the log is too short", TilePath(tile, kTileWidth),
                   "run 'hedgerow audit verify'"};
    }
    return Combine(found->second, position, above);
  };
}

Status TileGrower::Append(const Hash& leaf) {
  std::uint64_t position = size_;
  Hash hash = leaf;
  for (unsigned level = 0;; ++level) {
    const Tile tile{level, position / kTileWidth};
    const std::uint64_t width = position % kTileWidth;
    if (Status status = Add(tile, width, hash); !status) return status;
    if (width + 1 < kTileWidth) break;
    hash = Combine(changed_[tile], 0, kTileHeight);
    position /= kTileWidth;
  }
  ++size_;
  return {};
}

Status TileGrower::Add(const Tile& tile, std::uint64_t width, const Hash& hash) {
  auto found = changed_.find(tile);
  if (found == changed_.end()) {
    std::string content;
    if (width != 0) {
      Result<std::string> before = read_(tile);
      if (!before) return before.error();
      content = std::move(*before);
    }
    if (content.size() != width * sizeof(Hash)) {
      return Error{ErrorCode::kStoreDamaged, "a tile of the log has not the width that it should have",
                   TilePath(tile, kTileWidth), "run 'hedgerow audit verify'"};
    }
    found = changed_.emplace(tile, std::move(content)).first;
  }
  found->second.append(BytesOf(hash));
  return {};
}

}  // namespace hedgerow::storage
