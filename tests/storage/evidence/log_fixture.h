// What the tests of a store's log share: a small store, its log, and what an audit finds.
//
// Thread rule: one thread.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "storage/evidence/log_audit.h"
#include "storage/evidence/log_files.h"
#include "storage/evidence/log_keys.h"
#include "tests/storage/store_fixture.h"

namespace hedgerow::storage {

class LogTest : public StoreTest {
 protected:
  void SetUp() override {
    std::mt19937_64 random(tests::Seed(110));
    data_ = People(random, {120, 4, 2});
    Create(data_).reset();
  }

  static std::string Slurp(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void Spill(const std::string& path, const std::string& content) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
  }
  std::string CheckpointPath() const { return directory_ + "/log/checkpoint"; }

  Outcome Forget(Store& store, std::size_t i, const UpdateOptions& options = {}) {
    auto outcome = store.Forget({.records = {data_.table.ids[i]}, .options = options});
    HEDGEROW_CHECK(outcome.ok(), "forgetting failed");
    return std::move(*outcome);
  }
  Table Only(std::size_t i) const { return tests::One(data_.table, i); }
  // Forgets and erases a few, and closes the store.
  void Story(std::size_t first, std::size_t count) {
    const StorePointer store = Open();
    for (std::size_t i = first; i < first + count; ++i) Forget(*store, i);
    ASSERT_TRUE(store->Compact().ok());
  }

  std::vector<LogEntry> Entries() const {
    std::vector<LogEntry> entries;
    const auto log = LogFiles::Open(directory_);
    HEDGEROW_CHECK(log.ok(), "the log cannot be read");
    const Status status = log->ForEach(0, [&](std::uint64_t, std::string_view bytes) -> Status {
      entries.push_back(*DecodeLogEntry(bytes));
      return {};
    });
    HEDGEROW_CHECK(status.ok(), "the log cannot be read");
    return entries;
  }
  std::vector<LogEntry> Entries(std::uint64_t sequence) const {
    std::vector<LogEntry> entries = Entries();
    std::erase_if(entries, [&](const LogEntry& entry) {
      return entry.type != LogEntryType::kUpdate || entry.Number("sequence") != sequence;
    });
    return entries;
  }

  AuditReport Audit(const std::vector<std::string>& earlier = {}, const std::vector<NoteKey>& keys = {}) const {
    const auto report = AuditLog({.directory = directory_, .keys = keys, .earlier = earlier, .progress = {}});
    HEDGEROW_CHECK(report.ok(), "the audit failed: " + (report.ok() ? "" : report.error().ToString()));
    return *report;
  }
  ::testing::AssertionResult Right(const AuditReport& report) const {
    if (report.ok()) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << report.problems.front() << " (" << report.problem_count << ")";
  }
  // That the audit finds something, and says so in these words.
  void ExpectProblem(const std::string& words, const std::vector<std::string>& earlier = {}) const {
    const auto report = AuditLog({.directory = directory_, .keys = {}, .earlier = earlier, .progress = {}});
    std::string all = report.ok() ? "" : report.error().ToString();
    if (report.ok()) {
      EXPECT_FALSE(report->ok()) << "nothing was found, instead of: " << words;
      for (const std::string& problem : report->problems) all += problem + "\n";
    }
    EXPECT_NE(all.find(words), std::string::npos) << all << "\nlacks: " << words;
  }

  tests::Data data_;
};

}  // namespace hedgerow::storage
