// A progress bar on stderr, there only where stderr is a terminal.
//
// Thread rule: Update may be called from any thread; it draws ten times a second at the most.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace hedgerow::cli {

class Progress {
 public:
  explicit Progress(std::string title);
  ~Progress();  // wipes the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `total` 0: not known, and the bar is left out.
  void Update(std::uint64_t done, std::uint64_t total);

 private:
  using Clock = std::chrono::steady_clock;

  std::string title_;
  bool terminal_;
  std::mutex mutex_;  // guards what follows
  bool drawn_ = false;
  std::uint64_t done_ = 0;
  Clock::time_point start_, last_;
};

}  // namespace hedgerow::cli
