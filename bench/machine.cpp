#include "bench/machine.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <thread>

namespace hedgerow::bench {
namespace {

// The first line of a file that starts with `key`, behind its colon.
std::string FindLine(const char* path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key)) continue;
    const std::size_t colon = line.find(':');
    const std::size_t begin = line.find_first_not_of(" \t", colon + 1);
    return begin == std::string::npos ? "" : line.substr(begin);
  }
  return "unknown";
}

std::string Commit() {
  const std::string command = "git -C '" HEDGEROW_SOURCE_DIR "' describe --always --dirty 2>/dev/null";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  char text[128] = "";
  if (pipe == nullptr || std::fgets(text, sizeof text, pipe.get()) == nullptr) return "unknown";
  std::string commit(text);
  while (!commit.empty() && commit.back() == '\n') commit.pop_back();
  return commit;
}

std::string Kernel() {
  utsname name{};
  return uname(&name) == 0 ? std::string(name.sysname) + " " + name.release + " " + name.machine : "unknown";
}

constexpr std::size_t kReadBytes = 64U << 20U;

// Nanoseconds of a read that has to wait for the one before it, each somewhere else; negative: without memory for it.
double TimeRandomReads() {
  struct alignas(64) Line {
    std::uint32_t next;
  };
  constexpr std::uint32_t kLines = kReadBytes / sizeof(Line), kReads = 1U << 18U;
  // Not the allocator's, whose lock another thread may have held at the fork.
  void* memory = mmap(nullptr, kReadBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return -1;
  auto* lines = static_cast<Line*>(memory);
  for (std::uint32_t i = 0; i < kLines; ++i) lines[i].next = i;
  // One cycle through all lines (Sattolo).
  std::uint64_t random = 1;
  for (std::uint32_t i = kLines - 1; i > 0; --i) {
    random = random * 6364136223846793005U + 1442695040888963407U;
    std::swap(lines[i].next, lines[(random >> 33U) % i].next);
  }
  const auto start = std::chrono::steady_clock::now();
  volatile std::uint32_t at = 0;
  for (std::uint32_t i = 0; i < kReads; ++i) at = lines[at].next;
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count() / kReads;
}

// In a process of its own, whose memory is not in PeakMemoryBytes.
std::string RandomRead() {
  int ends[2];
  if (pipe(ends) != 0) return "unknown";
  const pid_t child = fork();
  if (child == 0) {
    const double ns = TimeRandomReads();
    _exit(write(ends[1], &ns, sizeof ns) == sizeof ns ? 0 : 1);
  }
  close(ends[1]);
  double ns = -1;
  const bool told = child > 0 && read(ends[0], &ns, sizeof ns) == sizeof ns && ns > 0;
  close(ends[0]);
  if (child > 0) waitpid(child, nullptr, 0);
  if (!told) return "unknown";
  char text[64];
  std::snprintf(text, sizeof text, "%.0f ns, in %zu MiB", ns, kReadBytes >> 20U);
  return text;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> DescribeMachine() {
  // Asked once: rows of one report are of one commit.
  static const std::vector<std::pair<std::string, std::string>> description = {
      {"processor", FindLine("/proc/cpuinfo", "model name")},
      {"cores", std::to_string(std::thread::hardware_concurrency())},
      {"memory", FindLine("/proc/meminfo", "MemTotal")},
      {"random read", RandomRead()},
      {"kernel", Kernel()},
      {"compiler", "g++ " __VERSION__},
      {"build", HEDGEROW_BUILD_TYPE},
      {"commit", Commit()}};
  return description;
}

std::size_t PeakMemoryBytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

}  // namespace hedgerow::bench
