// What the tests of datasets/ share: a folder that goes away again, random seeds, and a look at errors.
//
// Thread rule: one thread.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "datasets/result.h"

namespace hedgerow::datasets {

// A folder of its own under the system's temporary one, removed at the end.
class Scratch {
 public:
  Scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hedgerow-datasets-XXXXXX").string();
    HEDGEROW_CHECK(mkdtemp(pattern.data()) != nullptr, "cannot make a temporary folder");
    folder_ = pattern;
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  // Writes a file and returns its path.
  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name), std::ios::binary) << text;
    return Path(name);
  }
  std::string Read(const std::string& name) const {
    std::ifstream file(Path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
};

// The seed of a random test: HEDGEROW_TEST_SEED if it is set, else always the same. Printed, so that a failure can be
// repeated.
inline std::uint64_t TestSeed() {
  const char* text = std::getenv("HEDGEROW_TEST_SEED");
  const std::uint64_t seed = text == nullptr ? 20260701 : std::strtoull(text, nullptr, 10);
  std::cout << "HEDGEROW_TEST_SEED=" << seed << "\n";
  return seed;
}

// Stands in fields of records; no message may repeat it.
inline const std::string kSecret = "s3cr3t";

// An error is complete: it says what, where and what to do, and keeps the content of records to itself.
inline void ExpectError(const Error& error, ErrorCode code, const std::string& message, const std::string& place) {
  EXPECT_EQ(error.code, code) << error.ToString();
  EXPECT_NE(error.message.find(message), std::string::npos) << error.ToString() << "\nlacks: " << message;
  EXPECT_EQ(error.place, place) << error.ToString();
  EXPECT_FALSE(error.remedy.empty()) << error.ToString();
  EXPECT_EQ(error.ToString().find(kSecret), std::string::npos) << error.ToString();
}

}  // namespace hedgerow::datasets
