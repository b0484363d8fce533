// Receipts: C2SP's tlog-proof@v1, with the entry and the opening of its commitment as extra data.
//
//   c2sp.org/tlog-proof@v1
//   extra BASE64(extra)
//   index N
//   BASE64(hash)*            the inclusion proof
//                            (an empty line)
//   checkpoint               a signed note
//
//   extra   := entry opening?
//   opening := "\n" "names subject"|"names record" "\n" "nonce " HEX "\n" "pseudonym " HEX "\n"
//              "position " N " of " N "\n" ("path " HEX "\n")*
//
// A request that was made in parts has an entry for each in the log, and its receipt is a bundle: receipts one after
// the other, in the order of the parts. The last one has the opening, which opens the others as well.
//
// Whoever has a receipt, the log's public key and the id can check it, with nothing of the store.
//
// Thread rule: pure functions and plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/evidence/commitment.h"
#include "storage/evidence/log_entry.h"
#include "storage/evidence/merkle.h"
#include "storage/evidence/signed_note.h"

namespace hedgerow::storage {

struct Receipt {
  std::string entry;  // as it is in the log
  std::optional<Opening> opening;
  std::uint64_t index = 0;
  std::vector<Hash> proof;
  SignedNote checkpoint;
  std::string ToText() const;
};
// Nothing for bytes that ToText would not write.
std::optional<Receipt> ParseReceipt(std::string_view bytes);

// The opening alone: the grammar's `opening`, without its empty line.
std::string OpeningText(const Opening& opening);
// Nothing for bytes that OpeningText would not write.
std::optional<Opening> ParseOpening(std::string_view text);

// What a check found. `problem` is empty if everything that could be checked is right.
struct ReceiptFindings {
  std::string problem;
  std::optional<LogEntry> entry;
  std::uint64_t index = 0;
  Checkpoint checkpoint;
  std::vector<NoteKey> signers;
  bool opened = false;     // there is an opening, and it fits the entry
  bool is_record = false;  // what it names
  bool named = false;      // it names the identity that was asked about
};
// `identity`: of whom the receipt should tell; nothing: nobody asks.
ReceiptFindings CheckReceipt(std::string_view bytes, const std::vector<NoteKey>& keys,
                             const std::optional<Identity>& identity);

// The receipts of a bundle; a single piece for whatever else it is.
std::vector<std::string_view> SplitBundle(std::string_view bytes);
// The last one, or the only one. Nothing if it is none.
std::optional<Receipt> ParseLastReceipt(std::string_view bytes);

// What a check of a receipt or of a bundle found.
struct BundleFindings {
  std::string problem;                 // of one receipt, or between them
  std::vector<ReceiptFindings> parts;  // until the first with a problem
  std::uint64_t records = 0;           // of all parts together
  std::string_view stage;              // that all parts have come to
  std::size_t opened = 0;              // parts that name whom the opening opens
};
BundleFindings CheckBundle(std::string_view bytes, const std::vector<NoteKey>& keys,
                           const std::optional<Identity>& identity);

}  // namespace hedgerow::storage
