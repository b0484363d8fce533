// The kernels, written once on vectors of L words and compiled for each instruction set (kernels.h).
//
// Thread rule: pure functions.
#pragma once

#include "forest/count_loops.h"
#include "forest/row_loops.h"
#include "forest/score_loops.h"

// The table of kernels for one instruction set: TARGET is a function attribute, L the words in its registers.
// NOLINTBEGIN(bugprone-macro-parentheses): TARGET is no expression
#define HEDGEROW_KERNELS(TARGET, L)                                                                           \
  TARGET void Mix(const std::uint32_t* tags, std::size_t n, std::uint32_t word, std::uint32_t* mixed) {       \
    loops::Mix(tags, n, word, mixed);                                                                         \
  }                                                                                                           \
  TARGET Drawn Draw(const std::uint32_t* words, std::size_t n, std::uint32_t flip) {                          \
    return loops::Draw(words, n, flip);                                                                       \
  }                                                                                                           \
  TARGET void OrderWords(std::uint64_t node, const std::uint32_t* categorical, std::size_t stride,            \
                         std::uint32_t* words) {                                                              \
    loops::OrderWords(node, categorical, stride, words);                                                      \
  }                                                                                                           \
  TARGET void Rank(const Cell* cells, LaneOrders orders, std::int32_t* ranks) {                               \
    loops::Rank<L>(cells, orders, ranks);                                                                     \
  }                                                                                                           \
  TARGET void Count(const CountTask& task) {                                                                  \
    loops::Count<L>(task);                                                                                    \
  }                                                                                                           \
  TARGET bool Tally(const TallyTask& task) {                                                                  \
    return loops::Tally<L>(task);                                                                             \
  }                                                                                                           \
  TARGET double Score(const ScoreTask& task) {                                                                \
    return loops::Score<(L) / 2>(task);                                                                       \
  }                                                                                                           \
  TARGET double Largest(const double* values, std::size_t width) {                                            \
    return loops::Largest<(L) / 2>(values, width);                                                            \
  }                                                                                                           \
  TARGET std::size_t Seek(const double* values, std::size_t from, std::size_t width, double value) {          \
    return loops::Seek(values, from, width, value);                                                           \
  }                                                                                                           \
  TARGET void Remain(const std::uint32_t* counts, std::size_t rows, std::size_t width, std::uint32_t records, \
                     std::uint32_t* above) {                                                                  \
    loops::Remain(counts, rows, width, records, above);                                                       \
  }                                                                                                           \
  TARGET void Gather(const GatherTask& task) {                                                                \
    loops::Gather(task);                                                                                      \
  }                                                                                                           \
  TARGET void HashTrees(std::uint64_t base, std::uint64_t id, std::size_t n, std::uint64_t* words) {          \
    loops::HashTrees(base, id, n, words);                                                                     \
  }                                                                                                           \
  TARGET std::size_t Part(const PartTask& task) {                                                             \
    return loops::Part(task);                                                                                 \
  }                                                                                                           \
  TARGET void Differ(const Cell* rows, std::size_t n, std::size_t stride, std::uint32_t* differs) {           \
    loops::Differ(rows, n, stride, differs);                                                                  \
  }                                                                                                           \
  TARGET void Unpack(const std::uint8_t* bytes, std::size_t n, std::uint32_t* words) {                        \
    loops::Unpack(bytes, n, words);                                                                           \
  }                                                                                                           \
  TARGET void Pack(const std::uint32_t* words, std::size_t n, std::uint8_t* bytes) {                          \
    loops::Pack(words, n, bytes);                                                                             \
  }                                                                                                           \
  constexpr Kernels kKernels{Mix,     Draw, OrderWords, Rank,      Count, Tally,  Remain, Score,              \
                             Largest, Seek, Gather,     HashTrees, Part,  Unpack, Pack,   Differ};
// NOLINTEND(bugprone-macro-parentheses)
