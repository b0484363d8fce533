// Proves that an entry has one form: what decodes is what was encoded, whatever byte is changed or cut off; and that
// its parts take what they should and nothing else.
#include "storage/evidence/log_entry.h"

#include <gtest/gtest.h>

#include "storage/evidence/merkle.h"

namespace hedgerow::storage {
namespace {

const std::string kHash(64, 'a');

LogEntry Update() {
  LogEntry entry{LogEntryType::kUpdate, {}};
  // Not in the order of the table.
  entry.Set("sequence", 17).Set("records", 3).SetTime(1'763'982'588'000'017).Set("stage", "unlearned");
  entry.Set("request", "8c1f3a52-0c3e-4a44-9d43-2f6d1f0c8f11").Set("kind", "forget").Set("ground", "art17-1-b");
  return entry.Set("role", "controller").Set("subjects", kHash);
}

TEST(LogEntryTest, TheFormIsWhatTheDocumentationShows) {
  EXPECT_EQ(EncodeLogEntry(Update()),
            "hedgerow log entry v1\ntype update\nstage unlearned\ntime 2025-11-24T11:09:48.000017Z\n"
            "request 8c1f3a52-0c3e-4a44-9d43-2f6d1f0c8f11\nkind forget\nground art17-1-b\nrole controller\nrecords 3\n"
            "sequence 17\nsubjects " +
                kHash + "\n");
}

TEST(LogEntryTest, WhatDecodesIsWhatWasEncoded) {
  const std::string bytes = EncodeLogEntry(Update());
  const auto entry = DecodeLogEntry(bytes);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->Get("ground"), "art17-1-b");
  EXPECT_EQ(entry->Number("sequence"), 17U);
  EXPECT_FALSE(entry->Has("root-after"));
  EXPECT_EQ(EncodeLogEntry(*entry), bytes);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    // Only before the field that may be left out is what is left an entry.
    EXPECT_EQ(DecodeLogEntry(bytes.substr(0, i)).has_value(), i == bytes.find("subjects ")) << i;
    for (int flip = 1; flip < 256; flip <<= 1) {
      std::string changed = bytes;
      changed[i] = static_cast<char>(changed[i] ^ flip);
      const auto other = DecodeLogEntry(changed);
      EXPECT_TRUE(!other || EncodeLogEntry(*other) == changed) << i << " " << flip;
    }
  }
  EXPECT_FALSE(DecodeLogEntry(bytes + "\n"));
  EXPECT_FALSE(DecodeLogEntry(bytes + "more 1\n"));
  EXPECT_FALSE(DecodeLogEntry(bytes + bytes));
}

TEST(LogEntryTest, WrongValuesAreRefused) {
  const std::string good = EncodeLogEntry(Update());
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = good;
    changed.replace(changed.find(from), from.size(), to);
    return DecodeLogEntry(changed).has_value();
  };
  EXPECT_TRUE(with("records 3", "records 0"));
  EXPECT_TRUE(with("records 3", "records 18446744073709551615"));
  for (const char* const to :
       {"records 03", "records -3", "records 3 ", "records ", "records  3", "records 18446744073709551616"})
    EXPECT_FALSE(with("records 3", to)) << to;
  for (const char* const to : {"2025-13-24T11", "2025-02-30T11", "2025-11-24T24", "1969-11-24T11", "2025-11-24 11"})
    EXPECT_FALSE(with("2025-11-24T11", to)) << to;
  EXPECT_FALSE(with(kHash, std::string(64, 'A')));
  EXPECT_FALSE(with(kHash, std::string(62, 'a')));
  EXPECT_FALSE(with("controller", "a b"));
  EXPECT_FALSE(with("controller", "a\x7f"));
  EXPECT_FALSE(with("type update", "type updates"));
  EXPECT_FALSE(with("entry v1", "entry v2"));
}

TEST(LogEntryTest, Times) {
  EXPECT_EQ(LogTime(0), "1970-01-01T00:00:00.000000Z");
  for (const std::uint64_t time : {0ULL, 951'782'400'000'001ULL, 1'763'982'588'123'456ULL, 4'102'444'799'999'999ULL})
    EXPECT_EQ(ParseLogTime(LogTime(time)), time);
  EXPECT_FALSE(ParseLogTime(""));
  EXPECT_FALSE(ParseLogTime("2025-11-24T11:09:48.00001Z"));
}

// Ids of requests may hold anything; only such as say nothing go into the log.
TEST(LogEntryTest, NamesOfRequests) {
  const std::string key(16, '\xab');
  EXPECT_EQ(LogRequestName("8c1f3a52-0c3e-4a44-9d43-2f6d1f0c8f11", key), "8c1f3a52-0c3e-4a44-9d43-2f6d1f0c8f11");
  for (const char* const id :
       {"ann@example.com", "", "8C1F3A52-0C3E-4A44-9D43-2F6D1F0C8F11", "8c1f3a52-0c3e-4a44-9d43-2f6d1f0c8f1g"})
    EXPECT_EQ(LogRequestName(id, key), "key:abababababababababababababababab");
}

}  // namespace
}  // namespace hedgerow::storage
