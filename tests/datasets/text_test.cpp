// Proves the helpers on text: numbers are taken exactly when the whole text is one that float32 can hold, UTF-8 is
// checked as by RFC 3629 (against a decoder written out in full, on every sequence of up to three bytes and a sweep of
// four), and suggestions stay close to the word.
#include "datasets/text.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "tests/datasets/scratch.h"

namespace hedgerow::datasets {
namespace {

TEST(ParseFloat, TakesDecimalNumbers) {
  const std::pair<const char*, float> cases[] = {
      {"0", 0.0F},
      {"-0", 0.0F},
      {"1", 1.0F},
      {"+1", 1.0F},
      {"-1.5", -1.5F},
      {".5", 0.5F},
      {"-.5", -0.5F},
      {"5.", 5.0F},
      {"1e3", 1000.0F},
      {"1E3", 1000.0F},
      {"1e+3", 1000.0F},
      {"1e-3", 0.001F},
      {"007", 7.0F},
      {" 2", 2.0F},
      {"2\t ", 2.0F},
      {"0.1", 0.1F},
      {"16777217", 16777216.0F},
      {"3.4028235e38", 3.4028235e38F},
      {"1e-45", 1.4e-45F},
      {"1e-400", 0.0F},
      {"-1e-400", 0.0F},
      {"0e999999999999", 0.0F},
      {"0.0000000000000000000000000000000000000000000000000000000000001", 0.0F},
  };
  for (const auto& [text, expected] : cases) {
    const auto value = ParseFloat(text);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(*value, expected) << text;
  }
}

TEST(ParseFloat, RefusesTheRest) {
  for (const char* text : {"",
                           " ",
                           "+",
                           "-",
                           ".",
                           "e",
                           "e3",
                           "1e",
                           "1e+",
                           "--1",
                           "++1",
                           "+-1",
                           "-+1",
                           "1,5",
                           "1 2",
                           "1a",
                           "0x10",
                           "0x1p3",
                           "nan",
                           "NaN",
                           "-nan",
                           "inf",
                           "-inf",
                           "Infinity",
                           "1e39",
                           "-1e39",
                           "1e400",
                           "3.4028236e38",
                           "1e99999999999999999999",
                           "1_000",
                           "1.2.3",
                           "\n1",
                           "1\r",
                           "\xc2\xa0"
                           "1",
                           "\xef\xbc\x91",
                           "1\xff",
                           "$1",
                           "(1)"}) {
    EXPECT_FALSE(ParseFloat(text)) << "'" << text << "' gave " << ParseFloat(text).value_or(-1);
  }
  EXPECT_FALSE(ParseFloat(std::string_view("1\0", 2)));
  EXPECT_FALSE(ParseFloat("1" + std::string(5000, '0')));
  EXPECT_EQ(ParseFloat("0." + std::string(5000, '0') + "1"), 0.0F);
  EXPECT_EQ(ParseFloat(std::string(5000, '0') + "1"), 1.0F);
  EXPECT_EQ(ParseFloat("1" + std::string(50, '0') + "e-50"), 1.0F);
}

TEST(ParseFloat, AgreesWithTheLibraryOnWhatPrintfWrites) {
  std::mt19937_64 random(TestSeed());
  for (int k = 0; k < 20'000; ++k) {
    const float value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (!std::isfinite(value)) continue;
    std::array<char, 64> text;
    std::snprintf(text.data(), text.size(), random() % 2 == 0 ? "%.9g" : "%.9e", static_cast<double>(value));
    ASSERT_EQ(ParseFloat(text.data()), value) << text.data();
  }
}

TEST(ParseUnsigned, TakesWholeNumbersOfSixtyFourBits) {
  EXPECT_EQ(ParseUnsigned("0"), 0U);
  EXPECT_EQ(ParseUnsigned("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(ParseUnsigned("00018446744073709551615"), std::numeric_limits<std::uint64_t>::max());
  for (const char* text : {"", "18446744073709551616", "99999999999999999999999", "-0", "-1", "+1", " 1", "1 ", "1.0",
                           "1e3", "0x1", "a", "1\n"}) {
    EXPECT_FALSE(ParseUnsigned(text)) << text;
  }
}

// RFC 3629 from its table, by decoding: shortest form, no surrogates, at most U+10FFFF.
bool ObviousUtf8(const std::string& text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    std::size_t length = 1;
    std::uint32_t code = first;
    if (first >= 0x80) {
      if ((first & 0xe0) == 0xc0) {
        length = 2;
        code = first & 0x1fU;
      } else if ((first & 0xf0) == 0xe0) {
        length = 3;
        code = first & 0x0fU;
      } else if ((first & 0xf8) == 0xf0) {
        length = 4;
        code = first & 0x07U;
      } else
        return false;
    }
    if (i + length > text.size()) return false;
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0) != 0x80) return false;
      code = code << 6 | (next & 0x3fU);
    }
    static constexpr std::array<std::uint32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
    if (code < kLeast[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return false;
    i += length;
  }
  return true;
}

TEST(ValidUtf8, AgreesWithADecoder) {
  std::string text;
  EXPECT_TRUE(ValidUtf8(text));
  for (unsigned a = 0; a < 256; ++a) {
    text = {static_cast<char>(a)};
    ASSERT_EQ(ValidUtf8(text), ObviousUtf8(text)) << a;
    for (unsigned b = 0; b < 256; ++b) {
      text = {static_cast<char>(a), static_cast<char>(b)};
      ASSERT_EQ(ValidUtf8(text), ObviousUtf8(text)) << a << " " << b;
      for (unsigned c = 0; c < 256; c += a < 0xe0 ? 51 : 1) {
        text = {static_cast<char>(a), static_cast<char>(b), static_cast<char>(c)};
        ASSERT_EQ(ValidUtf8(text), ObviousUtf8(text)) << a << " " << b << " " << c;
        if (a < 0xf0) continue;
        for (const unsigned d : {0x00U, 0x7fU, 0x80U, 0xbfU, 0xc0U, 0xffU}) {
          text = {static_cast<char>(a), static_cast<char>(b), static_cast<char>(c), static_cast<char>(d)};
          ASSERT_EQ(ValidUtf8(text), ObviousUtf8(text)) << a << " " << b << " " << c << " " << d;
        }
      }
    }
  }
}

TEST(Closest, FindsTheTypo) {
  const std::vector<std::string> words{"income", "age", "occupation", "numeric", "y"};
  EXPECT_EQ(Closest("incme", words), "income");
  EXPECT_EQ(Closest("agee", words), "age");
  EXPECT_EQ(Closest("numerik", words), "numeric");
  EXPECT_EQ(Closest("occupatoin", words), "occupation");
  EXPECT_EQ(Closest("age", words), "age");
  EXPECT_EQ(Closest("x", words), "y") << "one letter may differ even in a word of one";
  EXPECT_EQ(Closest("zzzz", words), "");
  EXPECT_EQ(Closest("abcdefghi", words), "");
  EXPECT_EQ(Closest("age", {}), "");
  EXPECT_EQ(Suggestion("incme", words), "did you mean 'income'?");
  EXPECT_EQ(Suggestion("zzzz", words), "");
  EXPECT_EQ(Closest(std::string(1'000'000, 'a'), std::vector<std::string>{std::string(1'000'000, 'a')}), "");
}

TEST(Excerpt, DoesNotCutACharacter) {
  EXPECT_EQ(Excerpt("abc", 5), "abc");
  EXPECT_EQ(Excerpt("abc", 3), "abc");
  EXPECT_EQ(Excerpt("abc", 2), "ab");
  EXPECT_EQ(Excerpt("abc", 0), "");
  const std::string leaf = "\xf0\x9f\x8c\xbf";
  for (std::size_t bytes = 0; bytes < 4; ++bytes) EXPECT_EQ(Excerpt(leaf, bytes), "");
  EXPECT_EQ(Excerpt(leaf + leaf, 7), leaf);
  EXPECT_EQ(Excerpt("\x80\x80\x80", 2), "") << "no character begins here at all";
}

}  // namespace
}  // namespace hedgerow::datasets
