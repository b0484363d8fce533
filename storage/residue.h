// Looking for what should be gone: whether any file below a store's directory holds given values, in any of the forms
// in which the store writes values, or in which somebody else might have.
//
// Files are read as they are, and nothing is taken from the database but its header, for the hash of categories. Forms
// that are so short or so empty that equal bytes mean nothing are *weak*: they are told apart, and prove neither
// presence nor absence.
//
// Values are never repeated in results or messages: a value is named by its number in the question.
//
// Thread rule: pure functions; files may change meanwhile, and then what was deleted is not searched.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/cell.h"
#include "datasets/result.h"
#include "datasets/table.h"
#include "storage/keys.h"

namespace hedgerow::storage {

// In the order of the options: the n-th value is the n-th text, or the n-th after the texts, and so on.
struct ResidueQuestion {
  std::vector<std::string> texts;    // in every form that fits: text, category, number, id
  std::vector<std::string> numbers;  // decimal, as ParseFloat takes them
  std::vector<datasets::RecordId> records;
  std::vector<std::string> subjects;
};

// A value as bytes.
struct ResidueForm {
  std::string bytes;
  std::string_view as;    // "text", "float32", ...: docs/cli.md
  std::size_t value = 0;  // which of the question's values, from 0
  bool weak = false;
  // A stored record: the bytes are its id, and what stands around them must be the rest of a record with its checksum.
  bool record = false;
};

// What of the model tells how values are stored.
struct ResidueContext {
  datasets::CategoryKey category_key;
  Secret secret{};
  std::uint64_t sequence = 0;
  std::uint64_t slot_end = 0;
  std::size_t width = 0, classes = 0;
};

// Whether the id at this place of `bytes` is part of a record as the store writes it. Ids are small numbers, and small
// numbers are everywhere; checksums are not.
bool IsStoredRecord(std::string_view bytes, std::size_t id_at, const ResidueContext& context);
// The bytes that a stored record takes before its id, at the least and at the most, and behind it at the most.
inline constexpr std::size_t kLeastBeforeId = 5, kMostBeforeId = 14;
std::size_t MostBehindId(const ResidueContext& context);

// Without forms of fewer than 3 bytes.
std::vector<ResidueForm> FormsOf(const ResidueQuestion& question, const ResidueContext& context);

struct ResidueHit {
  std::string file;  // below the directory
  std::uint64_t offset = 0;
  std::string_view as;
  std::size_t value = 0;
};

struct ResidueReport {
  std::vector<ResidueHit> found, weak;            // by file and offset, each at most kMaxResidueHits
  std::uint64_t found_count = 0, weak_count = 0;  // all of them
  std::vector<std::size_t> unsearchable;          // values all of whose forms are weak
  std::uint64_t files = 0, bytes = 0;
};

inline constexpr std::size_t kMaxResidueHits = 1000;

using ResidueProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

// Searches a store or a backup, closed or open elsewhere. kUsage: a value is too short, or all of them are too common
// to tell; kStoreUnavailable: there is no store; kStoreDamaged: its header cannot be read; kIo.
Result<ResidueReport> FindResidue(const std::string& directory, const ResidueQuestion& question,
                                  const ResidueProgress& progress = {});
// Searches any directory for given forms. kIo.
Result<ResidueReport> SearchFiles(const std::string& directory, const std::vector<ResidueForm>& forms,
                                  const ResidueContext& context, const ResidueProgress& progress = {});

}  // namespace hedgerow::storage
