#include "storage/evidence/log_entry.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <span>

#include "datasets/result.h"
#include "datasets/text.h"
#include "storage/bytes.h"
#include "storage/evidence/signed_note.h"

namespace hedgerow::storage {
namespace {

constexpr std::string_view kTitle = "hedgerow log entry v1\ntype ";

enum class Kind : std::uint8_t { kNumber, kHash, kTime, kWord, kWords, kKey, kSignature };
struct Field {
  std::string_view name;
  Kind kind;
  bool optional = false;
};

constexpr Field kStartFields[] = {
    {"time", Kind::kTime},      {"origin", Kind::kWord},     {"key", Kind::kKey},   {"sequence", Kind::kNumber},
    {"records", Kind::kNumber}, {"parameters", Kind::kHash}, {"seed", Kind::kHash}, {"root", Kind::kHash},
};
constexpr Field kUpdateFields[] = {
    {"stage", Kind::kWord},
    {"time", Kind::kTime},
    {"request", Kind::kWord},
    {"kind", Kind::kWord},
    {"ground", Kind::kWord},
    {"role", Kind::kWord},
    {"records", Kind::kNumber},
    {"sequence", Kind::kNumber},
    {"subjects", Kind::kHash, true},
    {"accepted", Kind::kNumber, true},
    {"root-before", Kind::kHash, true},
    {"root-before-at", Kind::kNumber, true},
    {"root-after", Kind::kHash, true},
    {"root-after-at", Kind::kNumber, true},
    {"parameters", Kind::kHash, true},
    {"seed", Kind::kHash, true},
    {"work", Kind::kWords, true},
};
constexpr Field kVerifiedFields[] = {
    {"time", Kind::kTime},       {"result", Kind::kWord}, {"sequence", Kind::kNumber},
    {"records", Kind::kNumber},  {"root", Kind::kHash},   {"regrown-root", Kind::kHash},
    {"parameters", Kind::kHash}, {"seed", Kind::kHash},   {"robustness", Kind::kWords},
};
constexpr Field kKeyFields[] = {
    {"time", Kind::kTime},
    {"key", Kind::kKey},
    {"replaces", Kind::kKey},
    {"signed-by-old", Kind::kSignature},
    {"signed-by-new", Kind::kSignature},
};
constexpr Field kRestoredFields[] = {
    {"time", Kind::kTime},
    {"origin", Kind::kWord},
    {"key", Kind::kKey},
    {"from-origin", Kind::kWord},
    {"from-size", Kind::kNumber},
    {"from-hash", Kind::kHash},
    {"erasures", Kind::kWord},
    {"backup-sequence", Kind::kNumber},
    {"logged-sequence", Kind::kNumber},
    {"sequence", Kind::kNumber},
    {"records", Kind::kNumber},
    {"root", Kind::kHash},
};

struct Type {
  std::string_view name;
  std::span<const Field> fields;
};
constexpr Type kTypes[] = {{"start", kStartFields},
                           {"update", kUpdateFields},
                           {"verified", kVerifiedFields},
                           {"key", kKeyFields},
                           {"restored", kRestoredFields}};

const Type& TableOf(LogEntryType type) {
  return kTypes[static_cast<std::size_t>(type)];
}

bool IsHex(std::string_view text, std::size_t size) {
  const auto digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == size && std::all_of(text.begin(), text.end(), digit);
}

bool IsNumber(std::string_view text) {
  if (text.empty() || (text.size() > 1 && text[0] == '0')) return false;
  return datasets::ParseUnsigned(text).has_value();
}

// Printable ASCII; blanks one at a time and between words only.
bool IsWords(std::string_view text, bool blanks) {
  if (text.empty() || text.size() > 4096 || text.front() == ' ' || text.back() == ' ') return false;
  const auto good = [&](char c) { return c > ' ' ? c < '\x7f' : blanks && c == ' '; };
  return std::all_of(text.begin(), text.end(), good) && text.find("  ") == std::string_view::npos;
}

bool Fits(Kind kind, std::string_view value) {
  switch (kind) {
    case Kind::kNumber:
      return IsNumber(value);
    case Kind::kHash:
      return IsHex(value, 64);
    case Kind::kTime:
      return ParseLogTime(value).has_value();
    case Kind::kWord:
      return IsWords(value, false);
    case Kind::kWords:
      return IsWords(value, true);
    case Kind::kKey:
      return ParseNoteKey(value).has_value();
    case Kind::kSignature: {
      const auto bytes = FromBase64(value);
      return bytes && bytes->size() == 64;
    }
  }
  return false;
}

// "NAME VALUE\n" at the beginning of `rest`; moves behind it. Nothing, and not moved, if another name stands there.
std::optional<std::string_view> TakeLine(std::string_view& rest, std::string_view name) {
  if (!rest.starts_with(name) || rest.size() <= name.size() || rest[name.size()] != ' ') return std::nullopt;
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view value = rest.substr(name.size() + 1, end - name.size() - 1);
  rest.remove_prefix(end + 1);
  return value;
}

}  // namespace

std::string_view NameOf(LogEntryType type) {
  return TableOf(type).name;
}

LogEntry& LogEntry::Set(std::string_view name, std::string value) {
  const auto& table = TableOf(type).fields;
  const auto at = std::find_if(table.begin(), table.end(), [&](const Field& field) { return field.name == name; });
  HEDGEROW_CHECK(at != table.end(), "an entry of the log has no such field");
  const auto behind = std::find_if(fields.begin(), fields.end(), [&](const auto& field) {
    return std::none_of(table.begin(), at, [&](const Field& earlier) { return earlier.name == field.first; });
  });
  if (behind != fields.end() && behind->first == name) {
    behind->second = std::move(value);
  } else {
    fields.emplace(behind, at->name, std::move(value));
  }
  return *this;
}

LogEntry& LogEntry::Set(std::string_view name, std::uint64_t number) {
  return Set(name, std::to_string(number));
}

LogEntry& LogEntry::SetTime(std::uint64_t time_us) {
  return Set("time", LogTime(time_us));
}

std::string_view LogEntry::Get(std::string_view name) const {
  for (const auto& [field, value] : fields) {
    if (field == name) return value;
  }
  return {};
}

std::uint64_t LogEntry::Number(std::string_view name) const {
  return datasets::ParseUnsigned(Get(name)).value_or(0);
}

std::string EncodeLogEntry(const LogEntry& entry) {
  const Type& type = TableOf(entry.type);
  std::string bytes(kTitle);
  bytes.append(type.name).push_back('\n');
  auto next = entry.fields.begin();
  for (const Field& field : type.fields) {
    if (next == entry.fields.end() || next->first != field.name) {
      HEDGEROW_CHECK(field.optional, "an entry of the log lacks a field");
      continue;
    }
    HEDGEROW_CHECK(Fits(field.kind, next->second), "a field of the log has a wrong value");
    bytes.append(field.name).push_back(' ');
    bytes.append(next->second).push_back('\n');
    ++next;
  }
  HEDGEROW_CHECK(next == entry.fields.end(), "an entry of the log has too many fields");
  return bytes;
}

std::optional<LogEntry> DecodeLogEntry(std::string_view bytes) {
  if (!bytes.starts_with(kTitle)) return std::nullopt;
  bytes.remove_prefix(kTitle.size());
  const std::size_t end = bytes.find('\n');
  const std::string_view name = bytes.substr(0, end);
  const auto type =
      std::find_if(std::begin(kTypes), std::end(kTypes), [&](const Type& one) { return one.name == name; });
  if (end == std::string_view::npos || type == std::end(kTypes)) return std::nullopt;
  bytes.remove_prefix(end + 1);
  LogEntry entry{static_cast<LogEntryType>(type - std::begin(kTypes)), {}};
  entry.fields.reserve(type->fields.size());
  for (const Field& field : type->fields) {
    const auto value = TakeLine(bytes, field.name);
    if (!value && field.optional) continue;
    if (!value || !Fits(field.kind, *value)) return std::nullopt;
    entry.fields.emplace_back(field.name, *value);
  }
  if (!bytes.empty()) return std::nullopt;
  return entry;
}

std::string_view LinesBefore(std::string_view encoded, std::string_view name) {
  const std::size_t at = encoded.find(fmt::format("\n{} ", name));
  return at == std::string_view::npos ? encoded : encoded.substr(0, at + 1);
}

std::string LogTime(std::uint64_t time_us) {
  const std::time_t seconds = static_cast<std::time_t>(time_us / 1'000'000);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(seconds), time_us % 1'000'000);
}

std::optional<std::uint64_t> ParseLogTime(std::string_view text) {
  // The places of the digits in 2026-11-24T09:12:48.000017Z
  constexpr std::string_view kPattern = "dddd-dd-ddTdd:dd:dd.ddddddZ";
  if (text.size() != kPattern.size()) return std::nullopt;
  std::array<int, 7> parts{};
  std::size_t part = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (kPattern[i] != 'd') {
      if (text[i] != kPattern[i]) return std::nullopt;
      ++part;
    } else if (text[i] < '0' || text[i] > '9') {
      return std::nullopt;
    } else {
      parts[part] = parts[part] * 10 + (text[i] - '0');
    }
  }
  const auto [year, month, day, hour, minute, second, micros] = parts;
  if (year < 1970 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return static_cast<std::uint64_t>(((days * 24LL + hour) * 60 + minute) * 60 + second) * 1'000'000 +
         static_cast<std::uint64_t>(micros);
}

std::string LogRequestName(std::string_view request_id, std::string_view request_key) {
  constexpr std::string_view kPattern = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh";
  bool uuid = request_id.size() == kPattern.size();
  for (std::size_t i = 0; uuid && i < kPattern.size(); ++i) {
    uuid = kPattern[i] == 'h' ? IsHex(request_id.substr(i, 1), 1) : request_id[i] == '-';
  }
  return uuid ? std::string(request_id) : "key:" + ToHex(request_key);
}

}  // namespace hedgerow::storage
