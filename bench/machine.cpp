#include "bench/machine.h"

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

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

}  // namespace

std::vector<std::pair<std::string, std::string>> DescribeMachine() {
  // Asked once: rows of one report are of one commit.
  static const std::vector<std::pair<std::string, std::string>> description = {
      {"processor", FindLine("/proc/cpuinfo", "model name")},
      {"cores", std::to_string(std::thread::hardware_concurrency())},
      {"memory", FindLine("/proc/meminfo", "MemTotal")},
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
