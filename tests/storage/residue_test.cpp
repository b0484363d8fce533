// Residue: marker values of one record, in a number, a category, the id and the subject, are found before the record is
// erased and in no file after. The search is checked against a plain search for the same bytes, and by itself on files
// whose content is known.
#include "storage/residue.h"

#include <cstring>

#include "storage/backup.h"
#include "storage/database.h"
#include "storage/restore.h"
#include "tests/storage/store_fixture.h"

namespace hedgerow::storage {
namespace {

constexpr float kNumber = 8713.4375F;
constexpr const char* kCategory = "Quedlinburg-1089";
constexpr datasets::RecordId kId = 0x5ca1ab1e0ddba11ULL;
constexpr const char* kSubject = "marker person 7c1";

class ResidueTest : public StoreTest {
 protected:
  // A store with the markers in its record at position 5.
  StorePointer WithMarkers() {
    std::mt19937_64 random(tests::Seed(31));
    data_ = People(random, {.records = 3000});
    const auto& features = data_.schema.features;
    const forest::Parameters parameters{.seed = 5, .trees = 6, .occupancy = 4};
    datasets::Cell* row = data_.table.cells.data() + 5 * data_.table.width;
    for (std::size_t f = 0; f < features.size(); ++f) {
      row[f] = features[f].type == datasets::FeatureType::kNumeric
                   ? datasets::NumericCell(kNumber)
                   : datasets::CategoryCell(datasets::CategoryKeyFromSeed(parameters.seed), kCategory);
    }
    data_.table.ids[5] = kId;
    data_.table.subjects[5] = kSubject;
    return Create(data_, parameters);
  }

  static std::size_t Found(const std::string& directory) {
    ResidueQuestion question;
    question.texts = {kCategory};
    question.numbers = {"8713.4375"};
    question.records = {kId};
    question.subjects = {kSubject};
    const auto report = FindResidue(directory, question);
    EXPECT_TRUE(report.ok()) << (report.ok() ? "" : report.error().ToString());
    if (!report) return 0;
    EXPECT_TRUE(report->unsearchable.empty());
    return report->found_count;
  }

  // How often the bytes of the markers occur in any file, RocksDB's own protocol included.
  std::size_t PlainlyFound(const std::string& directory) const {
    const auto bytes_of = [](const auto& value) {
      return std::string(reinterpret_cast<const char*>(&value), sizeof value);
    };
    const std::vector<std::string> markers = {
        kCategory, kSubject, bytes_of(kId), bytes_of(kNumber),
        bytes_of(datasets::CategoryCell(datasets::CategoryKeyFromSeed(5), kCategory))};
    std::size_t found = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string content{std::istreambuf_iterator<char>(file), {}};
      for (const std::string& marker : markers) found += content.find(marker) != std::string::npos;
    }
    return found;
  }

  void ExpectThere(const std::string& directory) {
    EXPECT_GE(Found(directory), 3U) << "or the search proves nothing";
    EXPECT_GE(PlainlyFound(directory), 3U);
  }
  void ExpectGone(const std::string& directory) {
    EXPECT_EQ(Found(directory), 0U);
    EXPECT_EQ(PlainlyFound(directory), 0U);
  }
  static void Forget(Store& store, Stage stage) {
    ForgetRequest request;
    request.subjects = {kSubject};
    const auto outcome = store.Forget(request);
    ASSERT_TRUE(outcome.ok());
    ASSERT_EQ(outcome->record_count, 1U);
    ASSERT_TRUE(store.Await(outcome->sequence, Stage::kDurable).ok());
    ASSERT_TRUE(store.Await(outcome->sequence, stage).ok());
  }

  tests::Data data_;
};

TEST_F(ResidueTest, ErasedMeansGone) {
  StorePointer store = WithMarkers();
  ExpectThere(directory_);
  Forget(*store, Stage::kDurable);
  ExpectThere(directory_);  // the journal's rows that wait
  ASSERT_TRUE(store->Await(store->sequence(), Stage::kErased).ok());
  ExpectGone(directory_);
  store.reset();
  ExpectGone(directory_);
}

TEST_F(ResidueTest, WithAReaderMeanwhile) {
  StorePointer store = WithMarkers();
  const StorePointer reader = Open(OpenMode::kRead);
  Forget(*store, Stage::kErased);
  ExpectGone(directory_);
  EXPECT_EQ(reader->model().records().size(), data_.table.size());
}

// RocksDB keeps a file as long as an iterator may read it. When the iterator ends, the file has to go at once.
TEST_F(ResidueTest, WithAnIteratorMeanwhile) {
  WithMarkers().reset();
  auto database = Database::Open(DatabasePath(directory_), Database::Mode::kWrite);
  ASSERT_TRUE(database.ok());
  bool first = true;
  const Status status = (*database)->ForEach(Family::kRecords, "", [&](std::string_view, std::string_view) -> Status {
    if (!std::exchange(first, false)) return {};
    Database::Batch batch(**database);
    batch.DeleteRange(Family::kRecords, "", std::string(17, '\xff'));
    batch.DeleteRange(Family::kSubjects, "", std::string(33, '\xff'));
    batch.DeleteRange(Family::kPages, "", std::string(14, '\xff'));
    if (Status written = (*database)->Write(batch, /*sync=*/true); !written) return written;
    return (*database)->Purge();
  });
  ASSERT_TRUE(status.ok()) << status.error().ToString();
  EXPECT_EQ(PlainlyFound(directory_), 0U);
}

TEST_F(ResidueTest, InABackupThatIsRestoredLater) {
  StorePointer store = WithMarkers();
  const std::string backup = scratch_.Path("backup"), restored = scratch_.Path("restored");
  ASSERT_TRUE(MakeBackup(*store, backup).ok());
  Forget(*store, Stage::kErased);
  ExpectGone(directory_);
  ExpectThere(backup);
  RestoreOptions options;
  options.backup = backup;
  options.to = restored;
  options.live = directory_;
  const auto report = Restore(options, *executor_);
  ASSERT_TRUE(report.ok()) << report.error().ToString();
  EXPECT_EQ(report->erased, 1U);
  ExpectGone(restored);
}

class SearchTest : public ::testing::Test {
 protected:
  std::vector<std::uint64_t> Offsets(const std::string& name, const std::string& content, const std::string& bytes) {
    const std::string directory = scratch_.Path("files");
    std::filesystem::remove_all(directory);
    std::filesystem::create_directories(directory);
    std::ofstream(directory + "/" + name, std::ios::binary) << content;
    const auto report = SearchFiles(directory, {{bytes, "text", 0, false, false}}, {});
    EXPECT_TRUE(report.ok());
    std::vector<std::uint64_t> offsets;
    for (const ResidueHit& hit : report->found) offsets.push_back(hit.offset);
    EXPECT_EQ(report->found_count, offsets.size());
    return offsets;
  }
  datasets::Scratch scratch_;
};

// At every offset around the border of two chunks, and at both ends of the file.
TEST_F(SearchTest, AcrossChunks) {
  const std::string needle = "needle in a hay";
  const std::size_t chunk = 1 << 20, size = 2 * chunk + 100;
  std::vector<std::uint64_t> places = {0, size - needle.size(), 2 * chunk - 3};
  for (std::uint64_t at = chunk - needle.size() - 2; at < chunk + 3; ++at) places.push_back(at);
  for (const std::uint64_t place : places) {
    std::string content(size, '\0');
    content.replace(place, needle.size(), needle);
    EXPECT_EQ(Offsets("x", content, needle), std::vector<std::uint64_t>{place});
  }
}

// A log cuts values at the border of its blocks and puts a header of 7 bytes between.
TEST_F(SearchTest, AcrossTheBlocksOfALog) {
  const std::string needle = "needle in a hay";
  for (std::size_t left = 1; left < needle.size(); ++left) {
    std::string content(100'000, 'x');
    const std::size_t border = 64 << 10;
    content.replace(border - left, left, needle.substr(0, left));
    content.replace(border, 7, "\1\2\3\4\5\6\7");
    content.replace(border + 7, needle.size() - left, needle.substr(left));
    EXPECT_EQ(Offsets("000012.log", content, needle), std::vector<std::uint64_t>{border - left});
    EXPECT_TRUE(Offsets("000012.sst", content, needle).empty());
  }
}

TEST_F(SearchTest, FormsOfValues) {
  const ResidueContext context;
  const auto strong = [&](const ResidueQuestion& question) {
    std::map<std::string_view, std::string> forms;
    for (const ResidueForm& form : FormsOf(question, context)) {
      if (!form.weak) forms.emplace(form.as, form.bytes);
    }
    return forms;
  };
  ResidueQuestion question;
  question.numbers = {"-8713.4375"};
  auto forms = strong(question);
  const float value = -8713.4375F;
  const datasets::Cell cell = datasets::NumericCell(value), rank = cell - 1;
  const double wide = value;
  EXPECT_EQ(forms["float32"], std::string(reinterpret_cast<const char*>(&value), 4));
  EXPECT_EQ(forms["cell"], std::string(reinterpret_cast<const char*>(&cell), 4));
  EXPECT_EQ(forms["rank"], std::string(reinterpret_cast<const char*>(&rank), 4));
  EXPECT_EQ(forms["float64"], std::string(reinterpret_cast<const char*>(&wide), 8));
  EXPECT_EQ(forms["decimal"], "-8713.4375");
  question = {};
  question.records = {0x0102030405060708ULL};
  forms = strong(question);
  EXPECT_EQ(forms["u64-le"], "\x08\x07\x06\x05\x04\x03\x02\x01");
  EXPECT_EQ(forms["u64-be"], "\x01\x02\x03\x04\x05\x06\x07\x08");
  EXPECT_EQ(forms["decimal"], "72623859790382856");
  EXPECT_EQ(forms["varint"].size(), 9U);
}

TEST_F(ResidueTest, TooCommonToTell) {
  WithMarkers().reset();
  ResidueQuestion question;
  ExpectFails(FindResidue(directory_, question).error(), ErrorCode::kUsage, "nothing");
  question.subjects = {"P0"};
  ExpectFails(FindResidue(directory_, question).error(), ErrorCode::kUsage, "short");
  question.subjects = {"P07"};
  ExpectFails(FindResidue(directory_, question).error(), ErrorCode::kUsage, "common");
  question.numbers = {"8713.4375"};
  const auto report = FindResidue(directory_, question);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->unsearchable, std::vector<std::size_t>{1});
  EXPECT_GT(report->found_count, 0U);
  ExpectFails(FindResidue(scratch_.Path("none"), question).error(), ErrorCode::kStoreUnavailable, "no store");
}

// Ids are small numbers, which are everywhere: a record is found by its checksum, once for each that is there.
TEST_F(ResidueTest, SmallIds) {
  std::mt19937_64 random(tests::Seed(32));
  const tests::Data data = People(random, {.records = 300});
  Create(data).reset();
  ResidueQuestion question;
  question.records = data.table.ids;
  const auto report = FindResidue(directory_, question);
  ASSERT_TRUE(report.ok());
  std::map<std::size_t, int> records;
  for (const ResidueHit& hit : report->found) records[hit.value] += hit.as == "record";
  for (std::size_t i = 0; i < data.table.size(); ++i) EXPECT_EQ(records[i], 1) << i;
}

}  // namespace
}  // namespace hedgerow::storage
