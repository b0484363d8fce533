// A buffered CSV writer (RFC 4180) that quotes where it must and ends lines with LF.
//
// Thread rule: one thread at a time.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "datasets/result.h"

namespace hedgerow::datasets {

class CsvWriter {
 public:
  // "-": standard output. An existing file is replaced only when Close succeeds; what is no regular file (a pipe, a
  // device) is written directly.
  static Result<CsvWriter> Open(const std::string& path);
  CsvWriter(CsvWriter&&) noexcept;
  CsvWriter& operator=(CsvWriter&&) noexcept;
  ~CsvWriter();  // without Close: nothing is left behind

  void Field(std::string_view text);
  void Field(double value);  // shortest form that reads back the same
  void Field(std::uint64_t value);
  void EndRecord();
  // kIo if any write failed (a full disk, a closed pipe).
  Status Close();

 private:
  explicit CsvWriter(std::string path, std::string part, std::FILE* file);
  void Flush();
  void Fail();  // remembers errno of the first failure

  std::string path_, part_;  // part_: written first and then renamed; empty if the target is written directly
  std::FILE* file_ = nullptr;
  std::string buffer_;
  bool first_ = true;
  int error_ = 0;
};

}  // namespace hedgerow::datasets
