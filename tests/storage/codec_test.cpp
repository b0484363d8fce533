// Proves that values read back as they were, and that decoders trust nothing: every truncation is refused, and with
// every bit flipped, every byte replaced at random, or lengths made huge they give a value in range or nothing, without
// asking for more memory than the value could need. (In a store these bytes are sealed, and not even decoded.)
#include "storage/codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "storage/bytes.h"
#include "storage/journal.h"
#include "tests/storage/allocations.h"
#include "tests/support/data.h"

namespace hedgerow::storage {
namespace {

using datasets::RecordId;

ModelHeader SomeHeader() {
  ModelHeader header;
  header.parameters = {.seed = 0xfedcba9876543210,
                       .trees = 30,
                       .occupancy = 7,
                       .max_depth = 60,
                       .min_split = 9,
                       .min_leaf = 2,
                       .max_features = 3,
                       .thresholds = 5,
                       .smoothing = 0.25};
  header.schema = {"n\"\xc3\xa9", {{"a", datasets::FeatureType::kNumeric}, {"b", datasets::FeatureType::kCategorical}},
                   "y",           {"no", "yes", "?"},
                   "id",          "who"};
  header.secret = MakeSecret();
  return header;
}

RecordValue SomeRecord(bool with_subject) {
  RecordValue record;
  record.born = 0xfedcba98765;
  record.slot = 0xfffffffe;
  record.id = std::numeric_limits<std::uint64_t>::max();
  record.label = 2;
  if (with_subject) record.subject_key = SubjectKey(MakeSecret(), "ann");
  record.cells = {datasets::kMissing, 0, -1, std::numeric_limits<datasets::Cell>::max()};
  return record;
}

// What every decoder must stand. `decode` tells whether it gave a value, after checking that one.
void Torture(const std::string& bytes, const std::function<bool(std::string_view)>& decode) {
  ASSERT_TRUE(decode(bytes));
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    ASSERT_FALSE(decode(std::string_view(bytes).substr(0, length))) << "cut at " << length << " of " << bytes.size();
  }
  ASSERT_FALSE(decode(bytes + '\0')) << "one byte more";
  tests::ForgetAllocations();
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    decode(flipped);
    if (testing::Test::HasFailure()) FAIL() << "bit " << bit;
  }
  std::mt19937_64 random(tests::Seed(73));
  for (int k = 0; k < 5'000; ++k) {
    std::string noise = bytes;
    const std::size_t at = random() % noise.size();
    const std::size_t length = std::min<std::size_t>(random() % 12, noise.size() - at);
    for (std::size_t i = 0; i < length; ++i) noise[at + i] = random() % 2 == 0 ? '\xff' : static_cast<char>(random());
    decode(noise);
    if (testing::Test::HasFailure()) FAIL() << "mutation " << k;
  }
  EXPECT_LT(tests::LargestAllocation(), 1'000'000U);
}

TEST(HeaderCodec, RoundTrips) {
  const ModelHeader header = SomeHeader();
  const auto again = DecodeHeader(EncodeHeader(header));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->parameters, header.parameters);
  EXPECT_EQ(again->schema, header.schema);
  EXPECT_EQ(again->secret, header.secret);
}

TEST(HeaderCodec, TrustsNothing) {
  Torture(EncodeHeader(SomeHeader()), [](std::string_view bytes) {
    const auto header = DecodeHeader(bytes);
    if (!header) return false;
    EXPECT_TRUE(Validate(header->parameters).ok());
    EXPECT_GE(header->parameters.occupancy, 1U);
    EXPECT_LE(header->parameters.occupancy, header->parameters.trees);
    EXPECT_TRUE(std::isfinite(header->parameters.smoothing));
    EXPECT_FALSE(header->schema.features.empty());
    EXPECT_GE(header->schema.classes.size(), 2U);
    return true;
  });
}

TEST(HeaderCodec, RefusesParametersOutOfRange) {
  for (const auto& spoil : std::vector<std::function<void(forest::Parameters&)>>{
           [](auto& p) { p.occupancy = 0; }, [](auto& p) { p.occupancy = 31; }, [](auto& p) { p.trees = 0; },
           [](auto& p) { p.trees = forest::kMaxTrees + 1; }, [](auto& p) { p.max_depth = 61; },
           [](auto& p) { p.thresholds = 0; }, [](auto& p) { p.thresholds = 65; }, [](auto& p) { p.min_leaf = 0; },
           [](auto& p) { p.min_split = 1; }, [](auto& p) { p.smoothing = std::nan(""); },
           [](auto& p) { p.smoothing = -1; }, [](auto& p) { p.smoothing = std::numeric_limits<double>::infinity(); }}) {
    ModelHeader header = SomeHeader();
    spoil(header.parameters);
    EXPECT_FALSE(DecodeHeader(EncodeHeader(header)));
  }
}

TEST(CountersCodec, RoundTripsAndRefusesNonsense) {
  const Counters counters{
      .sequence = 1ULL << 61, .records = 5, .slot_end = 9, .with_subject = 3, .forgotten = 1ULL << 60};
  const auto again = DecodeCounters(EncodeCounters(counters));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->sequence, 1ULL << 61);
  EXPECT_EQ(again->records, 5U);
  EXPECT_EQ(again->slot_end, 9U);
  EXPECT_EQ(again->with_subject, 3U);
  EXPECT_EQ(again->forgotten, 1ULL << 60);
  EXPECT_TRUE(DecodeCounters(EncodeCounters({})));
  EXPECT_FALSE(DecodeCounters(EncodeCounters({.records = 10, .slot_end = 9}))) << "more records than slots";
  EXPECT_FALSE(DecodeCounters(EncodeCounters({.records = 1, .slot_end = 1ULL << 32})))
      << "more slots than there are numbers";
  Torture(EncodeCounters(counters), [](std::string_view bytes) {
    const auto decoded = DecodeCounters(bytes);
    EXPECT_TRUE(!decoded || (decoded->records <= decoded->slot_end && decoded->slot_end <= 0xffffffffULL));
    return decoded.has_value();
  });
}

TEST(ProgressCodec, RoundTripsAndRefusesNonsense) {
  const Progress progress{.floor = 1ULL << 40, .time_us = 1'900'000'000'000'000, .erased = 77};
  const auto again = DecodeProgress(EncodeProgress(progress));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->floor, 1ULL << 40);
  EXPECT_EQ(again->time_us, 1'900'000'000'000'000U);
  EXPECT_EQ(again->erased, 77U);
  EXPECT_TRUE(DecodeProgress(EncodeProgress({})));
  EXPECT_FALSE(DecodeProgress(EncodeProgress({.floor = 4, .erased = 5}))) << "erased before any tree came that far";
  Torture(EncodeProgress(progress), [](std::string_view bytes) {
    const auto decoded = DecodeProgress(bytes);
    EXPECT_TRUE(!decoded || decoded->erased <= decoded->floor);
    return decoded.has_value();
  });
}

// Entries of every kind, with none, one and many records that left.
std::vector<JournalEntry> SomeEntries() {
  const Secret secret = MakeSecret();
  std::vector<JournalEntry> entries;
  for (const UpdateKind kind : {UpdateKind::kForget, UpdateKind::kLearn, UpdateKind::kCorrect}) {
    JournalEntry entry;
    entry.kind = kind;
    entry.ground = kind == UpdateKind::kForget ? Ground::kF : Ground::kNone;
    entry.time_us = 0xfedcba9876543210;
    entry.request_key = RequestKey(secret, "request");
    entry.content_key = ContentKey(secret, "content");
    entry.records = std::numeric_limits<std::uint64_t>::max() - 1;
    entries.push_back(entry);
    entry.erased.push_back(RecordKey(secret, 1));
    entries.push_back(entry);
    for (RecordId id = 2; id < 40; ++id) entry.erased.push_back(RecordKey(secret, id));
    entries.push_back(entry);
  }
  return entries;
}

TEST(JournalCodec, RoundTrips) {
  for (const JournalEntry& entry : SomeEntries()) {
    const auto again = DecodeEntry(EncodeEntry(entry));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->kind, entry.kind);
    EXPECT_EQ(again->ground, entry.ground);
    EXPECT_EQ(again->time_us, entry.time_us);
    EXPECT_EQ(again->request_key, entry.request_key);
    EXPECT_EQ(again->content_key, entry.content_key);
    EXPECT_EQ(again->records, entry.records);
    EXPECT_EQ(again->erased, entry.erased);
  }
}

TEST(JournalCodec, TrustsNothing) {
  for (const JournalEntry& entry : SomeEntries()) {
    Torture(EncodeEntry(entry), [](std::string_view bytes) {
      const auto decoded = DecodeEntry(bytes);
      if (!decoded) return false;
      EXPECT_GE(decoded->kind, UpdateKind::kForget);
      EXPECT_LE(decoded->kind, UpdateKind::kCorrect);
      EXPECT_LE(decoded->ground, Ground::kF);
      EXPECT_EQ(decoded->request_key.size(), kOpaqueBytes);
      EXPECT_EQ(decoded->content_key.size(), kOpaqueBytes);
      EXPECT_EQ(bytes.size(), EncodeEntry(*decoded).size()) << "one form a value";
      for (const std::string& key : decoded->erased) EXPECT_EQ(key.size(), kOpaqueBytes);
      return true;
    });
  }
}

TEST(JournalCodec, SequenceKeysSortByNumber) {
  std::string last;
  for (const std::uint64_t sequence :
       {0ULL, 1ULL, 255ULL, 256ULL, 65'535ULL, 1ULL << 32, (1ULL << 32) + 1, 1ULL << 63, ~0ULL}) {
    const std::string key = SequenceKey(sequence);
    EXPECT_EQ(key.size(), 8U);
    EXPECT_TRUE(last.empty() || last < key);
    EXPECT_EQ(SequenceOf(key), sequence);
    for (std::size_t length = 0; length < key.size(); ++length) EXPECT_FALSE(SequenceOf(key.substr(0, length)));
    last = key;
  }
}

TEST(JournalCodec, RequestIdsAreUuidsOfTheirOwn) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = MakeRequestId();
    EXPECT_TRUE(std::regex_match(id, std::regex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")))
        << id;
    EXPECT_TRUE(ids.insert(id).second);
  }
}

TEST(RecordCodec, RoundTrips) {
  for (const bool with_subject : {false, true}) {
    const RecordValue record = SomeRecord(with_subject);
    const auto again = DecodeRecord(EncodeRecord(record), 4, 3);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->born, record.born);
    EXPECT_EQ(again->slot, record.slot);
    EXPECT_EQ(again->id, record.id);
    EXPECT_EQ(again->label, record.label);
    EXPECT_EQ(again->subject_key, record.subject_key);
    EXPECT_EQ(again->cells, record.cells);
  }
}

TEST(RecordCodec, TrustsNothing) {
  for (const bool with_subject : {false, true}) {
    Torture(EncodeRecord(SomeRecord(with_subject)), [](std::string_view bytes) {
      const auto record = DecodeRecord(bytes, 4, 3);
      if (!record) return false;
      EXPECT_LT(record->label, 3);
      EXPECT_EQ(record->cells.size(), 4U);
      EXPECT_TRUE(record->subject_key.empty() || record->subject_key.size() == kOpaqueBytes);
      return true;
    });
  }
}

TEST(RecordCodec, RefusesAnotherSchema) {
  const std::string bytes = EncodeRecord(SomeRecord(true));
  EXPECT_FALSE(DecodeRecord(bytes, 3, 3));
  EXPECT_FALSE(DecodeRecord(bytes, 5, 3));
  EXPECT_FALSE(DecodeRecord(bytes, 4, 2)) << "label 2 of 2 classes";
  EXPECT_FALSE(DecodeRecord(bytes, std::numeric_limits<std::size_t>::max(), 3));
  EXPECT_FALSE(DecodeRecord(bytes, std::numeric_limits<std::size_t>::max() / 4 + 5, 3))
      << "a size that overflows to 16";
}

}  // namespace
}  // namespace hedgerow::storage
