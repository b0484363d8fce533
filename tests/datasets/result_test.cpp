// Proves that results hold what they were given, that words and numbers of error codes are the documented ones, and
// that taking what is not there ends the program (death tests).
#include "datasets/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

namespace hedgerow {
namespace {

const Error kError{ErrorCode::kBadInput, "what", "where", "remedy"};

TEST(Error, LeavesOutWhatIsEmpty) {
  EXPECT_EQ(kError.ToString(), "what (where): remedy");
  EXPECT_EQ((Error{ErrorCode::kIo, "what", "", "remedy"}.ToString()), "what: remedy");
  EXPECT_EQ((Error{ErrorCode::kIo, "what", "where", ""}.ToString()), "what (where)");
  EXPECT_EQ((Error{ErrorCode::kIo, "what", "", ""}.ToString()), "what");
}

TEST(ErrorCode, HasItsDocumentedNumbersAndWords) {
  const std::pair<ErrorCode, std::pair<int, const char*>> codes[] = {
      {ErrorCode::kUsage, {2, "usage"}},
      {ErrorCode::kBadInput, {3, "bad_input"}},
      {ErrorCode::kUnknownRecord, {4, "unknown_record"}},
      {ErrorCode::kStoreUnavailable, {5, "store_unavailable"}},
      {ErrorCode::kStoreDamaged, {6, "store_damaged"}},
      {ErrorCode::kUnreachable, {7, "unreachable"}},
      {ErrorCode::kIo, {8, "io"}},
  };
  for (const auto& [code, expected] : codes) {
    EXPECT_EQ(static_cast<int>(code), expected.first);
    EXPECT_EQ(ErrorCodeName(code), expected.second);
  }
}

TEST(Result, HoldsAValueOrAnError) {
  Result<std::string> good = std::string("text");
  EXPECT_TRUE(good.ok());
  EXPECT_TRUE(static_cast<bool>(good));
  EXPECT_EQ(*good, "text");
  EXPECT_EQ(good->size(), 4U);
  Result<std::string> bad = kError;
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().message, "what");
  bad = std::string("mended");
  EXPECT_EQ(*bad, "mended");
}

TEST(Result, GivesAwayWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 7);
}

TEST(Status, IsSuccessUnlessItHasAnError) {
  EXPECT_TRUE(Status().ok());
  const Status bad = kError;
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().place, "where");
}

TEST(ResultDeathTest, TakingWhatIsNotThereEndsTheProgram) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Result<int> bad = kError;
  EXPECT_DEATH(bad.value(), "internal error: .*what \\(where\\): remedy");
  Result<int> good = 1;
  EXPECT_DEATH((void)good.error(), "internal error");
  EXPECT_DEATH((void)Status().error(), "internal error");
}

}  // namespace
}  // namespace hedgerow
