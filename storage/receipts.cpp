#include "storage/receipts.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/bytes.h"
#include "storage/evidence/log_files.h"

namespace hedgerow::storage {
namespace {

// The entry of the stage, or of the latest one before it that has an entry: its index + 1.
std::uint64_t PlaceOf(const StagePlaces& places, Stage stage) {
  if (stage == Stage::kErased && places.erased != 0) return places.erased;
  if (stage >= Stage::kExact && places.exact != 0) return places.exact;
  return places.accepted;
}

bool HasOwnPlace(const StagePlaces& places, Stage stage) {
  if (stage == Stage::kErased) return places.erased != 0;
  return stage < Stage::kExact || places.exact != 0;
}

// In a log whose signed part has the entry.
struct Found {
  LogFiles log;
  std::uint64_t index = 0;
};

Error NotSigned() {
  return {ErrorCode::kNotYet, "the stage is not in the signed part of the log yet", "", "ask again"};
}

Result<std::optional<StagePlaces>> PlacesOf(const Store& store, std::uint64_t sequence) {
  auto places = store.LogPlaces(sequence);
  if (places && *places && (*places)->accepted != 0) return places;
  if (!places) return places;
  return Error{ErrorCode::kUsage, "the request is older than the log, so there is no receipt", "",
               "the journal knows of it: 'hedgerow status'"};
}

Result<Found> FindSigned(Store& store, const std::string& directory, std::uint64_t sequence, Stage stage) {
  auto places = PlacesOf(store, sequence);
  if (!places) return places.error();
  if (HasOwnPlace(**places, stage)) {
    auto log = LogFiles::Open(directory);
    const std::uint64_t place = PlaceOf(**places, stage);
    if (log && place <= log->size()) return Found{std::move(*log), place - 1};
  }
  if (Status status = store.PublishLog(); !status) return status.error();
  places = PlacesOf(store, sequence);
  if (!places) return places.error();
  auto log = LogFiles::Open(directory);
  if (!log) return log.error();
  const std::uint64_t place = PlaceOf(**places, stage);
  if (place <= log->size()) return Found{std::move(*log), place - 1};
  return NotSigned();
}

Result<std::vector<Receipt>> WithOpenings(Receipt receipt, const std::vector<Opening>& openings) {
  if (openings.empty()) return std::vector<Receipt>{std::move(receipt)};
  const auto entry = DecodeLogEntry(receipt.entry);
  const auto subjects = FromHex(entry ? entry->Get("subjects") : "");
  std::vector<Receipt> receipts;
  receipts.reserve(openings.size());
  for (const Opening& opening : openings) {
    if (!subjects || subjects->size() != sizeof(Hash) || !OpensTo(opening, HashOf(*subjects))) {
      return Error{ErrorCode::kBadInput, "an opening is not one of the request",
                   fmt::format("opening {}", receipts.size() + 1), "give those that came with the request's answer"};
    }
    receipts.push_back(receipt);
    receipts.back().opening = opening;
  }
  return receipts;
}

Status AddPartsBefore(const Store& store, const LogFiles& log, std::uint64_t sequence, Stage stage,
                      const PartRange& range, RequestReceipts& receipts) {
  const Result<std::vector<std::uint64_t>> parts = store.PartsBefore(sequence);
  if (!parts) return parts.error();
  receipts.part_count = parts->size() + 1;
  for (std::uint64_t i = range.first; i < parts->size() && receipts.before.size() < range.most; ++i) {
    const auto places = PlacesOf(store, (*parts)[i]);
    if (!places) return places.error();
    const std::uint64_t place = PlaceOf(**places, stage);
    if (place > log.size()) return NotSigned();
    Result<Receipt> receipt = log.Prove(place - 1, std::nullopt);
    if (!receipt) return receipt.error();
    receipts.before.push_back(std::move(*receipt));
  }
  return {};
}

}  // namespace

std::vector<std::string> RequestReceipts::ToTexts() const {
  std::string text;
  for (const Receipt& receipt : before) text += receipt.ToText();
  std::vector<std::string> texts;
  texts.reserve(last.size());
  for (const Receipt& receipt : last) texts.push_back(text + receipt.ToText());
  return texts;
}

Result<RequestReceipts> MakeReceipts(Store& store, const std::string& directory, std::uint64_t sequence, Stage stage,
                                     const std::vector<Opening>& openings, const PartRange& parts) {
  if (sequence == 0) {
    return Error{ErrorCode::kUsage, "there was nothing to do, so there is no receipt", "",
                 "ask for a receipt of the earlier request with 'hedgerow audit prove'"};
  }
  const Result<Found> found = FindSigned(store, directory, sequence, stage);
  if (!found) return found.error();
  Result<Receipt> receipt = found->log.Prove(found->index, std::nullopt);
  if (!receipt) return receipt.error();
  Result<std::vector<Receipt>> last = WithOpenings(std::move(*receipt), openings);
  if (!last) return last.error();
  RequestReceipts receipts{.last = std::move(*last)};
  if (Status status = AddPartsBefore(store, found->log, sequence, stage, parts, receipts); !status)
    return status.error();
  return receipts;
}

}  // namespace hedgerow::storage
