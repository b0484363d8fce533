// hedgerow audit: questions of somebody who does not take the store's word for it.
#include "cli/audit.h"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <iterator>
#include <memory>

#include "cli/options.h"

namespace hedgerow::cli {
namespace {

constexpr Verb kVerbs[] = {
    {"list", "List the entries of the log", SetupAuditList},
    {"show", "Show all that the log tells of a request", SetupAuditShow},
    {"verify", "Check the whole log, its signatures, and the store against it", SetupAuditVerify},
    {"export", "Make a directory with the log for an auditor", SetupAuditExport},
    {"prove", "Write a receipt for a request", SetupAuditProve},
    {"check", "Check a receipt, with nothing but the public key", SetupAuditCheck},
    {"consistency", "Prove that the log continues an older checkpoint", SetupAuditConsistency},
    {"report", "Write the report for the file of the data protection officer", SetupAuditReport},
    {"rotate-key", "Let another key sign the log", SetupAuditRotateKey},
    {"residue", "Search all files of a store or a backup for values that should be gone", SetupAuditResidue},
};

constexpr std::size_t kMostBytes = 1 << 20;

std::string CheckTime(const std::string& text) {
  if (storage::ParseLogTime(text)) return "";
  if (storage::ParseLogTime(text + "T00:00:00.000000Z")) return "";
  return "must be a day such as 2026-11-24, or a time such as 2026-11-24T09:12:48.000000Z";
}

std::string ToLogTime(std::string text) {
  return text.size() == 10 ? text + "T00:00:00.000000Z" : text;
}

}  // namespace

Run SetupAudit(CLI::App& app, GlobalOptions& global) {
  app.require_subcommand(1);
  AddExamples(app, {"hedgerow audit verify --store shop", "hedgerow audit check receipt.tlog-proof --key shop.pub",
                    "hedgerow audit residue --store shop --subject customer-4711"});
  auto runs = std::make_shared<std::vector<std::pair<const CLI::App*, Run>>>();
  for (const Verb& verb : kVerbs) {
    CLI::App& below = *app.add_subcommand(verb.name, verb.help);
    runs->emplace_back(&below, verb.setup(below, global));
  }
  return [runs] {
    for (const auto& [below, run] : *runs) {
      if (below->parsed()) return run();
    }
    return static_cast<int>(ErrorCode::kUsage);
  };
}

void AddLog(CLI::App& app, Where& where) {
  AddServer(app, where,
            app.add_option("--store", where.store.directory, "Directory of a store, closed or in use, or of an export")
                ->type_name("DIR"));
  RequireWhere(app, where);
}

void AddPeriod(CLI::App& app, PeriodOptions& period) {
  app.add_option("--from", period.from, "Entries from this day or time on, UTC")
      ->check(CheckTime)
      ->transform(ToLogTime)
      ->type_name("TIME");
  app.add_option("--to", period.to, "Entries before this day or time, UTC")
      ->check(CheckTime)
      ->transform(ToLogTime)
      ->type_name("TIME");
}

void AddKeys(CLI::App& app, std::vector<std::string>& keys) {
  app.add_option("--key", keys, "Public key of the log: its text, or a file with keys, one a line; may be repeated")
      ->allow_extra_args(false)
      ->type_name("KEY|FILE");
}

Result<std::vector<storage::NoteKey>> ReadKeys(const std::vector<std::string>& keys) {
  std::vector<storage::NoteKey> read;
  for (const std::string& key : keys) {
    if (auto parsed = storage::ParseNoteKey(key)) {
      read.push_back(std::move(*parsed));
      continue;
    }
    const Result<std::string> text = ReadSmallFile(key);
    if (!text) return text.error();
    std::size_t before = read.size();
    for (std::string_view rest = *text; !rest.empty();) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      if (auto parsed = storage::ParseNoteKey(rest.substr(0, end))) read.push_back(std::move(*parsed));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (read.size() == before)
      return Error{ErrorCode::kBadInput, "there is no public key of a log in it", key, "give the log's file 'keys'"};
  }
  return read;
}

Result<std::string> ReadSmallFile(const std::string& path, std::size_t most) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::kIo, "the file cannot be read", path, "check its name and your rights"};
  std::string text;
  for (std::array<char, 1U << 16U> some; text.size() <= most && file;) {
    file.read(some.data(), some.size());
    text.append(some.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (text.size() <= most) return text;
  return Error{ErrorCode::kBadInput, "the file is too long", path, "a receipt or a checkpoint has a few kilobytes"};
}

Status ForEachEntry(const storage::LogFiles& log, const VisitLogEntry& visit) {
  return log.ForEach(0, [&](std::uint64_t index, std::string_view bytes) -> Status {
    const auto entry = storage::DecodeLogEntry(bytes);
    if (!entry) {
      return Error{ErrorCode::kStoreDamaged, fmt::format("entry {} of the log cannot be read", index),
                   log.checkpoint().origin, "run 'hedgerow audit verify'"};
    }
    visit(index, *entry);
    return {};
  });
}

Json ToJson(std::uint64_t index, const storage::LogEntry& entry) {
  Json object = {{"index", index}, {"type", std::string(storage::NameOf(entry.type))}};
  for (const auto& [name, value] : entry.fields) {
    std::string key(name);
    std::replace(key.begin(), key.end(), '-', '_');
    const auto number = datasets::ParseUnsigned(value);
    number ? object[key] = *number : object[key] = value;
  }
  return object;
}

}  // namespace hedgerow::cli
