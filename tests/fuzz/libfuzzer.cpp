// libFuzzer's side of a target: its entry point, and seeds for a corpus that is still empty.
#include <filesystem>
#include <fstream>

#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)hedgerow::fuzz::Run({reinterpret_cast<const char*>(data), size});
  return 0;
}

// Called before the corpora are read: the first folder that is named gets the seeds.
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  for (int i = 1; i < *argc; ++i) {
    const std::filesystem::path folder = (*argv)[i];
    std::error_code ignored;
    if (!std::filesystem::is_directory(folder, ignored)) continue;
    if (!std::filesystem::is_empty(folder, ignored)) break;
    std::size_t number = 0;
    for (const std::string& seed : hedgerow::fuzz::Seeds()) {
      std::ofstream(folder / ("seed-" + std::to_string(number++)), std::ios::binary) << seed;
    }
    break;
  }
  return 0;
}
