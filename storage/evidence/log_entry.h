// An entry of the log: lines of text in one canonical form (docs/evidence.md, "Entries").
//
// The grammar is one table in log_entry.cpp: for each type its fields in their order, and what a value may look like.
// Encoding and decoding follow the table, so what is decoded is what is encoded, byte for byte.
//
// Thread rule: pure functions and plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hedgerow::storage {

// On disk by name: never rename.
enum class LogEntryType : std::uint8_t {
  kStart,     // the first entry: whose log this is, of which model, under which key
  kUpdate,    // a stage of a request
  kVerified,  // the forest was grown anew and compared
  kKey,       // another key takes over
  kRestored,  // what stands before is the log of another store, from which this one was restored
};
std::string_view NameOf(LogEntryType type);

struct LogEntry {
  LogEntryType type = LogEntryType::kUpdate;
  std::vector<std::pair<std::string_view, std::string>> fields;  // names are those of the table, in its order

  // Sets a field; the name must be one of the type's.
  LogEntry& Set(std::string_view name, std::string value);
  LogEntry& Set(std::string_view name, std::uint64_t number);
  LogEntry& SetTime(std::uint64_t time_us);
  // The value; empty if the field is not there.
  std::string_view Get(std::string_view name) const;
  std::uint64_t Number(std::string_view name) const;  // 0 if it is not there
  bool Has(std::string_view name) const { return !Get(name).empty(); }
};

// Ends the program for an entry that does not fit the table.
std::string EncodeLogEntry(const LogEntry& entry);
// Nothing for bytes that EncodeLogEntry does not write.
std::optional<LogEntry> DecodeLogEntry(std::string_view bytes);
// The lines before the first of the fields `name`: what a signature in the entry is over.
std::string_view LinesBefore(std::string_view encoded, std::string_view name);

// "2026-11-24T09:12:48.000017Z"
std::string LogTime(std::uint64_t time_us);
// Of what LogTime writes.
std::optional<std::uint64_t> ParseLogTime(std::string_view text);

// How a request is named in the log: as it is if that is a UUID in lowercase, which says nothing about anybody, and
// else by its key (keys.h), since people put names and addresses into such ids.
std::string LogRequestName(std::string_view request_id, std::string_view request_key);

}  // namespace hedgerow::storage
