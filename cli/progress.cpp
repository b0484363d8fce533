#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace hedgerow::cli {
namespace {

constexpr std::chrono::milliseconds kEvery{100};
constexpr std::size_t kWidth = 30;

}  // namespace

Progress::Progress(std::string title)
    : title_(std::move(title)), terminal_(isatty(STDERR_FILENO) != 0), start_(Clock::now()), last_(start_ - kEvery) {}

Progress::~Progress() {
  if (drawn_) fmt::print(stderr, "\r\x1b[K");
}

void Progress::Update(std::uint64_t done, std::uint64_t total) {
  if (!terminal_) return;
  const std::lock_guard lock(mutex_);
  const Clock::time_point now = Clock::now();
  if (done < done_ || now - last_ < kEvery) return;  // threads may report out of order
  done_ = done;
  last_ = now;
  drawn_ = true;
  if (total == 0) {
    fmt::print(stderr, "\r{} ...\x1b[K", title_);
  } else {
    const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    const auto full = static_cast<std::size_t>(share * kWidth);
    const double elapsed = std::chrono::duration<double>(now - start_).count();
    const std::string left = share > 0.02 ? fmt::format(", {:.0f} s left", elapsed / share - elapsed) : "";
    fmt::print(stderr, "\r{} [{:#<{}}{:-<{}}] {:3.0f} %{}\x1b[K", title_, "", full, "", kWidth - full, share * 100,
               left);
  }
  std::fflush(stderr);
}

}  // namespace hedgerow::cli
