#include "storage/erasures.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "datasets/text.h"
#include "storage/bytes.h"
#include "storage/description.h"
#include "storage/directory.h"
#include "storage/keys.h"

namespace hedgerow::storage {
namespace {

constexpr std::string_view kTitle = "hedgerow erasures 1";
constexpr std::string_view kMacTitle = "mac ";

// "NAME NUMBER" at the beginning of `rest`, and moves behind it and the blank or line end that follows.
std::optional<std::uint64_t> TakeNumber(std::string_view& rest, std::string_view name) {
  if (!rest.starts_with(name)) return std::nullopt;
  rest.remove_prefix(name.size());
  const std::size_t end = std::min(rest.find_first_of(" \n"), rest.size());
  const auto number = datasets::ParseUnsigned(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return number;
}

std::string HeaderOf(const ErasureList& list) {
  return fmt::format("{} store {} first {} last {} records {}\n", kTitle, ToHex(list.identity), list.first, list.last,
                     list.records);
}

// The list in `text`, whose code was found to be right.
std::optional<ErasureList> Parse(std::string_view rest) {
  ErasureList list;
  const std::string_view title = " store ";
  if (!rest.starts_with(kTitle)) return std::nullopt;
  rest.remove_prefix(kTitle.size());
  if (!rest.starts_with(title)) return std::nullopt;
  rest.remove_prefix(title.size());
  const auto identity = FromHex(rest.substr(0, 2 * kOpaqueBytes));
  if (!identity || identity->size() != kOpaqueBytes) return std::nullopt;
  rest.remove_prefix(std::min(2 * kOpaqueBytes + 1, rest.size()));
  const auto first = TakeNumber(rest, "first "), last = TakeNumber(rest, "last "),
             records = TakeNumber(rest, "records ");
  if (!first || !last || !records || *first == 0 || *first > *last + 1) return std::nullopt;
  list = {*identity, *first, *last, *records, {}};
  for (std::uint64_t sequence = *first; sequence <= *last; ++sequence) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const auto bytes = FromHex(rest.substr(0, end));
    auto entry = bytes ? DecodeEntry(*bytes) : std::nullopt;
    if (!entry) return std::nullopt;
    list.entries.push_back(std::move(*entry));
    rest.remove_prefix(end + 1);
  }
  if (!rest.empty()) return std::nullopt;
  return list;
}

// The same, and the secret of the store.
Result<ErasureList> ReadErasures(const std::string& directory, std::uint64_t first, Secret& secret) {
  if (Status status = CheckMarker(directory); !status) return status.error();
  const Result<std::unique_ptr<Database>> database = OpenForReading(directory);
  if (!database) return database.error();
  const Result<Description> description = Describe(**database, directory);
  if (!description) return description.error();
  secret = description->header.secret;
  ErasureList list;
  list.identity = StoreIdentity(description->header.secret);
  list.first = first;
  list.last = description->counters.sequence;
  list.records = description->counters.records;
  if (first > list.last + 1) {
    return Error{ErrorCode::kUsage, fmt::format("the store has made {} updates only", list.last), directory,
                 "give the sequence number of the backup"};
  }
  std::uint64_t next = first;
  const Status status = (*database)->ForEachFrom(Family::kJournal, SequenceKey(first),
                                                 [&](std::string_view key, std::string_view value) -> Status {
                                                   const auto body = Unseal(key, value);
                                                   auto entry = body ? DecodeEntry(*body) : std::nullopt;
                                                   if (!entry || SequenceOf(key) != next || next > list.last)
                                                     return DamagedStore(directory, "the journal");
                                                   ++next;
                                                   list.entries.push_back(std::move(*entry));
                                                   return {};
                                                 });
  if (!status) return status.error();
  if (next != list.last + 1) return DamagedStore(directory, "the journal");
  return list;
}

}  // namespace

Result<ErasureList> ReadErasures(const std::string& directory, std::uint64_t first) {
  Secret secret;
  return ReadErasures(directory, first, secret);
}

Result<ErasureList> ExportErasures(const std::string& directory, std::uint64_t first, const std::string& path) {
  Secret secret;
  Result<ErasureList> list = ReadErasures(directory, first, secret);
  if (!list) return list.error();
  std::string text = HeaderOf(*list);
  for (const JournalEntry& entry : list->entries) text += ToHex(EncodeEntry(entry)) + "\n";
  text += fmt::format("{}{}\n", kMacTitle, ToHex(Authenticate(secret, text)));
  const std::filesystem::path file(path);
  const std::string folder = file.has_parent_path() ? file.parent_path().string() : ".";
  if (Status status = WriteFileDurably(folder, file.filename().string(), text); !status) return status.error();
  return list;
}

Result<ErasureList> LoadErasures(const std::string& path, const Secret& secret) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::kIo, "the file cannot be read", path, "check its name and your rights"};
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const Error wrong{ErrorCode::kBadInput, "this list of erasures is not as it was written, or is of another store",
                    path, "export it again with 'hedgerow backup --erasures --store LIVE --out FILE'"};
  if (!text.starts_with(kTitle)) {
    return Error{ErrorCode::kBadInput, "this is no list of erasures", path, wrong.remedy};
  }
  const std::size_t tail = kMacTitle.size() + 64 + 1;
  if (text.size() < tail || text.back() != '\n') return wrong;
  const std::string_view body = std::string_view(text).substr(0, text.size() - tail);
  const std::string_view end = std::string_view(text).substr(body.size(), tail - 1);
  const auto code = end.starts_with(kMacTitle) ? FromHex(end.substr(kMacTitle.size())) : std::nullopt;
  const std::string right = Authenticate(secret, body);
  if (!code || code->size() != right.size() || sodium_memcmp(code->data(), right.data(), right.size()) != 0)
    return wrong;
  auto list = Parse(body);
  if (!list || list->identity != StoreIdentity(secret)) return wrong;
  return std::move(*list);
}

}  // namespace hedgerow::storage
