// Proves that whatever the CSV writer writes reads back the same (random records against the vector they came from),
// and that a file is replaced as a whole or not at all.
#include "datasets/csv_writer.h"

#include <fmt/format.h>

#include <limits>
#include <random>
#include <string>
#include <vector>

#include "datasets/csv_reader.h"
#include "tests/datasets/scratch.h"

namespace hedgerow::datasets {
namespace {

using Records = std::vector<std::vector<std::string>>;

// Mostly short, with everything that needs quotes; now and then as long as a field may be.
std::string RandomField(std::mt19937_64& random) {
  static const std::vector<std::string> kPieces = {"a",    "0", ",",        "\"",           "\n",    "\r",
                                                   "\r\n", " ", "\xc3\xa9", "\xef\xbb\xbf", "-1.5e3"};
  if (random() % 2000 == 0) return std::string(random() % (kMaxFieldBytes + 1), "x\"\n,"[random() % 4]);
  std::string field;
  for (std::uint64_t n = random() % 6; n > 0; --n) field += kPieces[random() % kPieces.size()];
  return field;
}

TEST(CsvWriter, RoundTripsRandomRecords) {
  std::mt19937_64 random(TestSeed());
  const Scratch scratch;
  for (const std::size_t columns : {1U, 2U, 3U, 17U}) {
    const std::string path = scratch.Path("t.csv");
    auto writer = CsvWriter::Open(path);
    ASSERT_TRUE(writer.ok());
    for (std::size_t i = 0; i < columns; ++i) writer->Field(std::string_view(fmt::format("column {}", i)));
    writer->EndRecord();
    Records written;
    for (int r = 0; r < 20'000; ++r) {
      std::vector<std::string>& record = written.emplace_back();
      for (std::size_t i = 0; i < columns; ++i)
        writer->Field(std::string_view(record.emplace_back(RandomField(random))));
      writer->EndRecord();
    }
    ASSERT_TRUE(writer->Close().ok());

    auto csv = CsvReader::Open(path);
    ASSERT_TRUE(csv.ok());
    for (const auto& record : written) {
      const auto fields = csv->Next();
      ASSERT_TRUE(fields.ok()) << fields.error().ToString();
      ASSERT_EQ(std::vector<std::string>(fields->begin(), fields->end()), record) << csv->PlaceOf(1);
    }
    EXPECT_TRUE(csv->Next()->empty());
    EXPECT_EQ(csv->bytes_read(), csv->bytes_total());
  }
}

TEST(CsvWriter, WritesTheExpectedBytes) {
  const Scratch scratch;
  auto writer = CsvWriter::Open(scratch.Path("t.csv"));
  ASSERT_TRUE(writer.ok());
  writer->Field(std::string_view("plain"));
  writer->Field(std::string_view(""));
  writer->Field(std::string_view("a\"b"));
  writer->EndRecord();
  writer->Field(0.1);
  writer->Field(std::numeric_limits<std::uint64_t>::max());
  writer->Field(std::string_view("x\ny"));
  writer->EndRecord();
  ASSERT_TRUE(writer->Close().ok());
  EXPECT_EQ(scratch.Read("t.csv"), "plain,,\"a\"\"b\"\n0.1,18446744073709551615,\"x\ny\"\n");
}

TEST(CsvWriter, LeavesNothingBehindWithoutClose) {
  const Scratch scratch;
  const std::string path = scratch.Write("t.csv", "old");
  {
    auto writer = CsvWriter::Open(path);
    ASSERT_TRUE(writer.ok());
    writer->Field(std::string_view("new"));
    writer->EndRecord();
    CsvWriter moved = std::move(*writer);
    moved.Field(std::string_view("more"));
  }
  EXPECT_EQ(scratch.Read("t.csv"), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch.folder()), {}), 1);
}

TEST(CsvWriter, ReplacesAFileOnClose) {
  const Scratch scratch;
  const std::string path = scratch.Write("t.csv", "old");
  auto writer = CsvWriter::Open(path);
  ASSERT_TRUE(writer.ok());
  writer->Field(std::string_view("new"));
  writer->EndRecord();
  EXPECT_EQ(scratch.Read("t.csv"), "old");
  ASSERT_TRUE(writer->Close().ok());
  EXPECT_EQ(scratch.Read("t.csv"), "new\n");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch.folder()), {}), 1);
}

// A device was once replaced by a file of its name, when the user was allowed to.
TEST(CsvWriter, WritesADeviceAndDoesNotReplaceIt) {
  if (!std::filesystem::is_character_file("/dev/null")) GTEST_SKIP() << "there is no /dev/null";
  auto writer = CsvWriter::Open("/dev/null");
  ASSERT_TRUE(writer.ok());
  writer->Field(std::string_view("x"));
  writer->EndRecord();
  EXPECT_TRUE(writer->Close().ok());
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST(CsvWriter, SaysThatTheDiskIsFull) {
  if (!std::filesystem::is_character_file("/dev/full")) GTEST_SKIP() << "there is no /dev/full";
  auto writer = CsvWriter::Open("/dev/full");
  ASSERT_TRUE(writer.ok());
  for (int k = 0; k < 100'000; ++k) {
    writer->Field(std::string_view("text"));
    writer->EndRecord();
  }
  const Status status = writer->Close();
  ASSERT_FALSE(status.ok());
  ExpectError(status.error(), ErrorCode::kIo, "No space left", "/dev/full");
}

TEST(CsvWriter, SaysThatItCannotOpen) {
  const Scratch scratch;
  const std::string path = scratch.Path("absent/t.csv");
  const auto writer = CsvWriter::Open(path);
  ASSERT_FALSE(writer.ok());
  ExpectError(writer.error(), ErrorCode::kIo, "No such file", path);
}

}  // namespace
}  // namespace hedgerow::datasets
