#include "storage/evidence/receipt.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "datasets/text.h"
#include "storage/bytes.h"

namespace hedgerow::storage {
namespace {

constexpr std::string_view kTitle = "c2sp.org/tlog-proof@v1\n";
constexpr std::size_t kMaxPath = 64;

// The rest of the line behind `name`, and moves to the next line; nothing if the line does not begin so.
std::optional<std::string_view> Take(std::string_view& rest, std::string_view name) {
  const std::size_t end = rest.find('\n');
  if (!rest.starts_with(name) || end == std::string_view::npos || end < name.size()) return std::nullopt;
  const std::string_view value = rest.substr(name.size(), end - name.size());
  rest.remove_prefix(end + 1);
  return value;
}

std::optional<Hash> TakeHex(std::string_view& rest, std::string_view name) {
  const auto value = Take(rest, name);
  const auto bytes = value ? FromHex(*value) : std::nullopt;
  if (!bytes || bytes->size() != sizeof(Hash)) return std::nullopt;
  return HashOf(*bytes);
}

// Lenient about the form of numbers and such: the caller compares with what OpeningText writes.
std::optional<Opening> ReadOpening(std::string_view rest) {
  Opening opening;
  const auto names = Take(rest, "names ");
  const auto nonce = TakeHex(rest, "nonce "), pseudonym = TakeHex(rest, "pseudonym ");
  const auto position = Take(rest, "position ");
  if (!names || !nonce || !pseudonym || !position) return std::nullopt;
  const std::size_t of = position->find(" of ");
  if (of == std::string_view::npos) return std::nullopt;
  const auto place = datasets::ParseUnsigned(position->substr(0, of));
  const auto count = datasets::ParseUnsigned(position->substr(of + 4));
  if (!place || !count) return std::nullopt;
  opening = {*names == "record", *nonce, *pseudonym, *place, *count, {}};
  while (!rest.empty()) {
    const auto hash = TakeHex(rest, "path ");
    if (!hash || opening.path.size() == kMaxPath) return std::nullopt;
    opening.path.push_back(*hash);
  }
  return opening;
}

}  // namespace

std::string OpeningText(const Opening& opening) {
  std::string text =
      fmt::format("names {}\nnonce {}\npseudonym {}\nposition {} of {}\n", opening.is_record ? "record" : "subject",
                  ToHex(BytesOf(opening.nonce)), ToHex(BytesOf(opening.pseudonym)), opening.position, opening.count);
  for (const Hash& hash : opening.path) text += fmt::format("path {}\n", ToHex(BytesOf(hash)));
  return text;
}

std::optional<Opening> ParseOpening(std::string_view text) {
  auto opening = ReadOpening(text);
  if (opening && OpeningText(*opening) != text) return std::nullopt;
  return opening;
}

std::string Receipt::ToText() const {
  std::string extra = entry;
  if (opening) extra.append("\n").append(OpeningText(*opening));
  std::string text = fmt::format("{}extra {}\nindex {}\n", kTitle, ToBase64(extra), index);
  for (const Hash& hash : proof) text += ToBase64(BytesOf(hash)) + "\n";
  return text + "\n" + checkpoint.ToText();
}

std::optional<Receipt> ParseReceipt(std::string_view bytes) {
  std::string_view rest = bytes;
  if (!rest.starts_with(kTitle)) return std::nullopt;
  rest.remove_prefix(kTitle.size());
  const auto coded = Take(rest, "extra "), index_text = Take(rest, "index ");
  const auto extra = coded ? FromBase64(*coded) : std::nullopt;
  const auto index = index_text ? datasets::ParseUnsigned(*index_text) : std::nullopt;
  if (!extra || !index) return std::nullopt;
  Receipt receipt;
  receipt.index = *index;
  const std::size_t end = extra->find("\n\n");  // entries have no empty line
  receipt.entry = extra->substr(0, end == std::string::npos ? end : end + 1);
  if (end != std::string::npos) {
    receipt.opening = ReadOpening(std::string_view(*extra).substr(end + 2));
    if (!receipt.opening) return std::nullopt;
  }
  for (;;) {
    const auto line = Take(rest, "");
    if (!line || receipt.proof.size() > kMaxPath) return std::nullopt;
    if (line->empty()) break;
    const auto hash = FromBase64(*line);
    if (!hash || hash->size() != sizeof(Hash)) return std::nullopt;
    receipt.proof.push_back(HashOf(*hash));
  }
  auto note = ParseNote(rest);
  if (!note) return std::nullopt;
  receipt.checkpoint = std::move(*note);
  if (receipt.ToText() != bytes) return std::nullopt;
  return receipt;
}

ReceiptFindings CheckReceipt(std::string_view bytes, const std::vector<NoteKey>& keys,
                             const std::optional<Identity>& identity) {
  ReceiptFindings found;
  const auto fail = [&](const char* problem) {
    found.problem = problem;
    return found;
  };
  const auto receipt = ParseReceipt(bytes);
  if (!receipt) return fail("it is no receipt, or its form was changed");
  const auto checkpoint = ParseCheckpoint(receipt->checkpoint.text);
  if (!checkpoint) return fail("its checkpoint is none");
  found.checkpoint = *checkpoint;
  found.index = receipt->index;
  auto signers = SignersOf(receipt->checkpoint, keys);
  if (!signers) return fail("a signature of its checkpoint is wrong");
  std::erase_if(*signers, [&](const NoteKey& key) { return key.name != checkpoint->origin; });
  if (signers->empty()) return fail("its checkpoint is not signed by the log's key");
  found.signers = std::move(*signers);
  if (!VerifyInclusion(LeafHash(receipt->entry), receipt->index, checkpoint->size, receipt->proof, checkpoint->root))
    return fail("its entry is not in the log at that place");
  found.entry = DecodeLogEntry(receipt->entry);
  if (!found.entry) return fail("its entry is in the log, but cannot be read");
  if (receipt->opening) {
    const auto subjects = FromHex(found.entry->Get("subjects"));
    if (!subjects || subjects->size() != sizeof(Hash) || !OpensTo(*receipt->opening, HashOf(*subjects)))
      return fail("its opening is not one of its entry");
    found.opened = true;
    found.is_record = receipt->opening->is_record;
  }
  if (!identity) return found;
  if (!found.opened) return fail("it has no opening, so it tells nothing about whom it names");
  found.named = identity->is_record == found.is_record &&
                PseudonymOf(*identity, receipt->opening->nonce) == receipt->opening->pseudonym;
  if (!found.named) return fail("it names somebody else");
  return found;
}

std::vector<std::string_view> SplitBundle(std::string_view bytes) {
  const std::string between = fmt::format("\n{}", kTitle);
  std::vector<std::string_view> receipts;
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = bytes.find(between);
    const std::size_t length = end == std::string_view::npos ? bytes.size() : end + 1;
    receipts.push_back(bytes.substr(0, length));
    bytes.remove_prefix(length);
  }
  return receipts;
}

std::optional<Receipt> ParseLastReceipt(std::string_view bytes) {
  return ParseReceipt(SplitBundle(bytes).back());
}

namespace {

constexpr std::string_view kStages[] = {"unlearned", "exact", "erased"};

std::size_t StageNumber(const LogEntry& entry) {
  const auto* const found = std::find(std::begin(kStages), std::end(kStages), entry.Get("stage"));
  return static_cast<std::size_t>(found - std::begin(kStages));
}

// What is wrong between a part and the one before it; empty: nothing.
std::string_view BetweenParts(const ReceiptFindings& before, const ReceiptFindings& part) {
  for (const ReceiptFindings* one : {&before, &part}) {
    if (one->entry->type != LogEntryType::kUpdate || StageNumber(*one->entry) == std::size(kStages))
      return "it is of no request";
  }
  if (before.checkpoint.origin != part.checkpoint.origin) return "it is in another log than the part before";
  for (const char* name : {"request", "kind", "ground", "role"}) {
    if (before.entry->Get(name) != part.entry->Get(name)) return "it is of another request than the part before";
  }
  if (part.entry->Number("sequence") <= before.entry->Number("sequence")) return "it does not follow the part before";
  if (before.opened) return "only the last part has an opening";
  return "";
}

}  // namespace

BundleFindings CheckBundle(std::string_view bytes, const std::vector<NoteKey>& keys,
                           const std::optional<Identity>& identity) {
  BundleFindings found;
  const std::vector<std::string_view> receipts = SplitBundle(bytes);
  const bool many = receipts.size() > 1;
  std::size_t stage = std::size(kStages);
  for (std::size_t i = 0; i < receipts.size(); ++i) {
    const bool last = i + 1 == receipts.size();
    ReceiptFindings part = CheckReceipt(receipts[i], keys, last ? identity : std::nullopt);
    std::string_view problem = part.problem;
    if (problem.empty() && i != 0) problem = BetweenParts(found.parts.back(), part);
    if (!problem.empty()) {
      found.problem = many ? fmt::format("part {}: {}", i + 1, problem) : std::string(problem);
    }
    found.parts.push_back(std::move(part));
    if (!found.problem.empty()) return found;
    const LogEntry& entry = *found.parts.back().entry;
    found.records += entry.Has("records") ? entry.Number("records") : 0;
    stage = std::min(stage, StageNumber(entry));
  }
  if (stage < std::size(kStages)) found.stage = kStages[stage];
  if (!found.parts.back().opened) return found;
  const std::string_view subjects = found.parts.back().entry->Get("subjects");
  for (const ReceiptFindings& part : found.parts) found.opened += part.entry->Get("subjects") == subjects ? 1 : 0;
  return found;
}

}  // namespace hedgerow::storage
