// What a large node keeps of its table of counts (count_table.h): one block of memory, as small as its records allow.
//
// Lanes and candidates are numbered as there, but for the stride, which is smaller. The lanes' orders are not kept:
// they follow from the node's key. Nor does a node of at most kBareRecords records keep the ranks of its anchors, which
// follow from the orders and the anchors' rows: every second node is that small. With two classes the records above an
// anchor are not kept either, since they are those that are left; with more, that would be many counts to add. The form
// does not change the model; it is chosen when the table is counted.
//
// Thread rule: one writer, and no reader while it writes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "forest/count_table.h"
#include "forest/parameters.h"
#include "forest/records.h"

namespace hedgerow::forest {

// Up to so many records a node's table is bare.
inline constexpr std::uint32_t kBareRecords = 256;

class Statistics {
  static constexpr std::size_t kFewAnchors = 2;

  // The small members come last, so that a node puts something behind them.
  std::unique_ptr<std::byte[]> block_;
  std::array<Slot, kFewAnchors> few_anchors_{};  // more than these stand in the block

 public:
  Statistics() = default;
  // What a node with so many records of each class keeps of its table.
  Statistics(const CountTable& table, std::span<const std::uint32_t> class_counts);

  bool empty() const { return block_ == nullptr; }
  std::uint32_t lanes() const { return lanes_; }
  std::uint32_t classes() const { return classes_; }
  std::size_t stride() const { return StrideOf(lanes_); }
  // Candidates, those that do not exist included.
  std::size_t width() const { return (anchors_ * stride() + 7) / 8 * 8; }
  std::uint32_t attribute(std::size_t lane) const {
    return chosen_ ? attributes()[lane] : static_cast<std::uint32_t>(lane);
  }
  // The candidate that has this number in the table.
  std::uint32_t CandidateOf(const CountTable& table, std::uint32_t candidate) const {
    return static_cast<std::uint32_t>(candidate / table.stride() * stride() + candidate % table.stride());
  }

  std::span<const Slot> anchors() const { return {anchors_in_block() ? At<Slot>(0) : few_anchors_.data(), anchors_}; }
  // As CountTable has them.
  std::span<const std::uint16_t> attributes() const { return {At<std::uint16_t>(counts_end()), attributes_size()}; }
  std::span<const std::uint16_t> constants() const { return {attributes().data() + attributes_size(), constants_}; }

  // A bare table has no ranks.
  bool bare() const { return bare_; }
  std::int32_t* anchor_ranks() { return At<std::int32_t>(ranks_begin()); }
  const std::int32_t* anchor_ranks() const { return At<std::int32_t>(ranks_begin()); }

  // Rows of counts, numbered as in CountTable, `count_bytes()` a count: 1, 2 or 4.
  std::size_t equal_row(std::size_t y) const { return classes_ + y; }
  std::size_t above_row() const { return 2 * std::size_t{classes_}; }
  bool keeps_above() const { return classes_ != 2; }
  std::size_t count_bytes() const { return count_bytes_; }
  void* row(std::size_t number) { return block_.get() + counts_begin() + number * row_bytes(); }
  const void* row(std::size_t number) const { return block_.get() + counts_begin() + number * row_bytes(); }
  std::uint32_t Count(std::size_t row_number, std::size_t candidate) const {
    const void* counts = row(row_number);
    if (count_bytes_ == 1) return static_cast<const std::uint8_t*>(counts)[candidate];
    if (count_bytes_ == 2) return static_cast<const std::uint16_t*>(counts)[candidate];
    return static_cast<const std::uint32_t*>(counts)[candidate];
  }
  // Of the node's `records`, how many rank above the candidate's anchor.
  std::uint32_t Above(std::size_t candidate, std::uint32_t records) const {
    if (keeps_above()) return Count(above_row(), candidate);
    for (std::size_t row_number = 0; row_number < above_row(); ++row_number) records -= Count(row_number, candidate);
    return records;
  }
  // The counts of a node of so many records, row by row, 4 bytes each: above_row() + 1 rows.
  void CopyCounts(std::uint32_t records, std::uint32_t* to) const;
  // Whether the counts of so many records of each class fit.
  bool Fits(std::span<const std::uint32_t> class_counts) const;
  // Makes room for them.
  void Widen(std::span<const std::uint32_t> class_counts);

  // So many removals or additions cannot change the champion (unlearn/certificate.h). Not persisted: a lower bound.
  std::uint32_t slack = 0;
  // Another candidate makes the champion's split, so an added record may part the two. Not persisted either: with
  // a slack of 0 nobody asks.
  bool twins : 1 = false;

  const void* block() const { return block_.get(); }
  std::size_t block_bytes() const { return empty() ? 0 : counts_end() + attributes_bytes(); }

 private:
  std::size_t count_rows() const { return above_row() + (keeps_above() ? 1 : 0); }
  void CopyRows(std::uint32_t* to) const;
  static std::uint8_t BytesFor(std::span<const std::uint32_t> class_counts);
  // Whole small registers: what is behind the lanes costs memory in every node.
  static std::size_t StrideOf(std::size_t lanes) { return (lanes + 3) / 4 * 4; }

  // The block: anchors if they are many, ranks unless it is bare, rows of counts, attributes, constants.
  bool anchors_in_block() const { return anchors_ > kFewAnchors; }
  std::size_t ranks_begin() const { return anchors_in_block() ? anchors_ * sizeof(Slot) : 0; }
  std::size_t counts_begin() const { return ranks_begin() + (bare_ ? 0 : anchors_ * stride() * sizeof(std::int32_t)); }
  std::size_t row_bytes() const { return width() * count_bytes_; }
  std::size_t counts_end() const { return counts_begin() + count_rows() * row_bytes(); }
  template <class T>
  T* At(std::size_t bytes) {
    return reinterpret_cast<T*>(block_.get() + bytes);
  }
  template <class T>
  const T* At(std::size_t bytes) const {
    return reinterpret_cast<const T*>(block_.get() + bytes);
  }
  void Allocate() { block_ = std::make_unique_for_overwrite<std::byte[]>(counts_end() + attributes_bytes()); }

  std::size_t attributes_bytes() const { return (attributes_size() + constants_) * sizeof(std::uint16_t); }
  std::size_t attributes_size() const { return chosen_ ? lanes_ : 0U; }

  bool chosen_ : 1 = false;  // lanes have `attributes`
  bool bare_ : 1 = false;
  std::uint8_t count_bytes_ : 3 = 0;
  std::uint8_t anchors_ = 0;
  static_assert(kMaxThresholds <= 0xff);
  std::uint16_t lanes_ = 0, constants_ = 0, classes_ = 0;
};

}  // namespace hedgerow::forest
