// The verbs below `audit`, and what they share: reading a log from the files of a store or of an export.
//
// Thread rule: main thread only.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/log_access.h"
#include "cli/verbs.h"
#include "storage/evidence/log_files.h"

namespace hedgerow::cli {

Run SetupAuditList(CLI::App& app, GlobalOptions& global);
Run SetupAuditShow(CLI::App& app, GlobalOptions& global);
Run SetupAuditVerify(CLI::App& app, GlobalOptions& global);
Run SetupAuditExport(CLI::App& app, GlobalOptions& global);
Run SetupAuditProve(CLI::App& app, GlobalOptions& global);
Run SetupAuditCheck(CLI::App& app, GlobalOptions& global);
Run SetupAuditConsistency(CLI::App& app, GlobalOptions& global);
Run SetupAuditReport(CLI::App& app, GlobalOptions& global);
Run SetupAuditRotateKey(CLI::App& app, GlobalOptions& global);
Run SetupAuditResidue(CLI::App& app, GlobalOptions& global);

// --store, for a store or an export, or --connect.
void AddLog(CLI::App& app, Where& where);
// --from and --to: a day, which means its beginning, or a time of the log.
struct PeriodOptions {
  std::string from, to;
  bool Holds(std::string_view time) const { return (from.empty() || time >= from) && (to.empty() || time < to); }
};
void AddPeriod(CLI::App& app, PeriodOptions& period);
// --key: public keys, as text or in files of one a line.
void AddKeys(CLI::App& app, std::vector<std::string>& keys);
Result<std::vector<storage::NoteKey>> ReadKeys(const std::vector<std::string>& keys);

// A small file; kIo, and kBadInput for one of more than so many bytes.
inline constexpr std::size_t kMostBytes = 1U << 20U;
inline constexpr std::size_t kMostReceiptBytes = 256U << 20U;  // of a request of some million records
Result<std::string> ReadSmallFile(const std::string& path, std::size_t most = kMostBytes);

// Entries with their numbers, as the log's files hold them. kStoreDamaged for one that is none.
using VisitLogEntry = std::function<void(std::uint64_t index, const storage::LogEntry& entry)>;
Status ForEachEntry(const storage::LogFiles& log, const VisitLogEntry& visit);

// The object of an entry: its index, its type and its fields; numbers as numbers.
Json ToJson(std::uint64_t index, const storage::LogEntry& entry);

}  // namespace hedgerow::cli
