// Proves that what is written reads back, that a reader never passes its end and stays failed, and that a seal is
// broken by every flipped bit, every truncation, and by standing under another key.
#include "storage/bytes.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "tests/support/data.h"

namespace hedgerow::storage {
namespace {

std::vector<std::uint64_t> Edges() {
  std::vector<std::uint64_t> edges{0};
  for (int bit = 0; bit < 64; ++bit) {
    edges.push_back((1ULL << bit) - 1);
    edges.push_back(1ULL << bit);
  }
  edges.push_back(std::numeric_limits<std::uint64_t>::max());
  return edges;
}

TEST(Bytes, ReadsBackWhatWasWritten) {
  Writer writer;
  writer.U8(0xfe);
  writer.U16(0x1234);
  writer.U32(0x12345678);
  writer.U64(0x123456789abcdef0);
  writer.F64(-0.1);
  writer.Varint(300);
  writer.Text("a\0b");
  writer.Text("");
  writer.Raw("xy", 2);
  Reader reader(writer.bytes());
  EXPECT_EQ(reader.U8(), 0xfe);
  EXPECT_EQ(reader.U16(), 0x1234);
  EXPECT_EQ(reader.U32(), 0x12345678U);
  EXPECT_EQ(reader.U64(), 0x123456789abcdef0U);
  EXPECT_EQ(reader.F64(), -0.1);
  EXPECT_EQ(reader.Varint(), 300U);
  EXPECT_EQ(reader.Text(), "a");
  EXPECT_EQ(reader.Text(), "");
  EXPECT_EQ(reader.left(), 2U);
  EXPECT_FALSE(reader.done());
  EXPECT_EQ(reader.Raw(2), "xy");
  EXPECT_TRUE(reader.done());
}

// The format is little-endian: these bytes are on disks.
TEST(Bytes, HaveTheDocumentedForm) {
  Writer writer;
  writer.U32(1);
  writer.Varint(0x3fff);
  writer.Varint(0x4000);
  writer.Text("hi");
  EXPECT_EQ(writer.bytes(), std::string("\x01\0\0\0\xff\x7f\x80\x80\x01\x02hi", 12));
}

TEST(Varint, RoundTripsEveryEdge) {
  for (const std::uint64_t value : Edges()) {
    Writer writer;
    writer.Varint(value);
    EXPECT_LE(writer.bytes().size(), 10U);
    Reader reader(writer.bytes());
    EXPECT_EQ(reader.Varint(), value);
    EXPECT_TRUE(reader.done());
    for (std::size_t length = 0; length < writer.bytes().size(); ++length) {
      Reader cut(std::string_view(writer.bytes()).substr(0, length));
      EXPECT_EQ(cut.Varint(), 0U);
      EXPECT_TRUE(cut.failed()) << value << " cut at " << length;
    }
  }
}

TEST(Varint, RefusesMoreThanSixtyFourBits) {
  for (const std::string& bytes :
       {std::string(9, '\xff') + '\x02', std::string(9, '\x80') + '\x7f', std::string(10, '\xff'),
        std::string(1000, '\x80'), std::string(9, '\xff') + '\x81' + '\0'}) {
    Reader reader(bytes);
    EXPECT_EQ(reader.Varint(), 0U);
    EXPECT_TRUE(reader.failed());
  }
}

TEST(Reader, LimitsCounts) {
  for (const std::uint64_t value : Edges()) {
    Writer writer;
    writer.Varint(value);
    Reader enough(writer.bytes());
    EXPECT_EQ(enough.Count(value), value);
    EXPECT_FALSE(enough.failed());
    if (value == 0) continue;
    Reader reader(writer.bytes());
    EXPECT_EQ(reader.Count(value - 1), 0U);
    EXPECT_TRUE(reader.failed());
  }
}

TEST(Reader, StaysFailedAndGivesZeros) {
  Reader reader("\xff\xff\xff");
  EXPECT_EQ(reader.U32(), 0U);
  EXPECT_TRUE(reader.failed());
  EXPECT_EQ(reader.U8(), 0U) << "though a byte would be there";
  EXPECT_EQ(reader.Varint(), 0U);
  EXPECT_EQ(reader.F64(), 0.0);
  EXPECT_EQ(reader.Text(), "");
  EXPECT_EQ(reader.Raw(1), "");
  EXPECT_FALSE(reader.done());
}

TEST(Reader, DoesNotBelieveALength) {
  for (const std::uint64_t length : Edges()) {
    if (length <= 3) continue;
    Writer writer;
    writer.Varint(length);
    writer.Raw("abc", 3);
    Reader reader(writer.bytes());
    EXPECT_EQ(reader.Text(), "");
    EXPECT_TRUE(reader.failed()) << length;
    Reader raw("abc");
    EXPECT_EQ(raw.Raw(static_cast<std::size_t>(length)), "");
    EXPECT_TRUE(raw.failed());
  }
}

TEST(Seal, HoldsForItsKeyAlone) {
  for (const std::string& body : {std::string(), std::string("x"), std::string(1000, 'y')}) {
    for (const std::string& key : {std::string(), std::string("key"), std::string(16, '\0')}) {
      const std::string sealed = Seal(key, body);
      ASSERT_EQ(Unseal(key, sealed), body);
      EXPECT_FALSE(Unseal(key + '\0', sealed));
      EXPECT_FALSE(Unseal(key + body, sealed) && !body.empty());
    }
  }
  // The boundary between key and body counts.
  const std::string sealed = Seal("ab", "cd");
  EXPECT_FALSE(Unseal("a", "b" + sealed));
  EXPECT_FALSE(Unseal("abc", sealed.substr(1)));
}

TEST(Seal, IsBrokenByEveryBitAndEveryCut) {
  std::mt19937_64 random(tests::Seed(71));
  for (const std::size_t size : {0U, 1U, 7U, 8U, 100U}) {
    std::string body(size, '\0');
    for (char& c : body) c = static_cast<char>(random());
    const std::string sealed = Seal("key", body);
    for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
      std::string flipped = sealed;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
      ASSERT_FALSE(Unseal("key", flipped)) << "bit " << bit;
    }
    for (std::size_t length = 0; length < sealed.size(); ++length) {
      ASSERT_FALSE(Unseal("key", std::string_view(sealed).substr(0, length))) << "cut at " << length;
    }
    ASSERT_FALSE(Unseal("key", sealed + '\0'));
    ASSERT_FALSE(Unseal("key", std::string(1, '\0') + sealed));
  }
}

}  // namespace
}  // namespace hedgerow::storage
