// Runs a fuzz target without libFuzzer: on the files that are named, such as an input that libFuzzer found, or else on
// its seeds, their truncations and some thousands of random mutations. So the targets are built and run with every
// test.
//     fuzz_NAME_replay [FILE...]
//     HEDGEROW_FUZZ_MUTATIONS (4000), HEDGEROW_TEST_SEED
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>

#include "tests/fuzz/target.h"
#include "tests/support/data.h"

namespace hedgerow::fuzz {
namespace {

// One to four changes: a bit, a byte, a 32-bit number, a piece cut out, repeated, or taken from another seed.
std::string Mutate(std::string text, const std::string& other, std::mt19937_64& random) {
  for (std::uint64_t changes = 1 + random() % 4; changes > 0 && !text.empty(); --changes) {
    const std::size_t at = random() % text.size();
    const std::size_t length = std::min<std::size_t>(1 + random() % 16, text.size() - at);
    switch (random() % 6) {
      case 0:
        text[at] = static_cast<char>(text[at] ^ (1 << random() % 8));
        break;
      case 1:
        text[at] = static_cast<char>(random());
        break;
      case 2:
        for (std::size_t i = at; i < std::min(at + 4, text.size()); ++i) {
          text[i] = static_cast<char>(random() % 2 == 0 ? 0xff : 0);
        }
        break;
      case 3:
        text.erase(at, length);
        break;
      case 4:
        text.insert(random() % text.size(), text.substr(at, length));
        break;
      default:
        if (!other.empty()) text.insert(at, other.substr(random() % other.size(), 64));
        break;
    }
  }
  return text;
}

void RunMutations() {
  const std::vector<std::string> seeds = Seeds();
  HEDGEROW_CHECK(!seeds.empty(), "a target without seeds");
  const char* wanted = std::getenv("HEDGEROW_FUZZ_MUTATIONS");
  const std::uint64_t mutations = wanted == nullptr ? 4'000 : std::strtoull(wanted, nullptr, 10);
  std::mt19937_64 random(tests::Seed(1));
  for (const std::string& seed : seeds) HEDGEROW_CHECK(Run(seed), "a seed that is refused");
  std::uint64_t good = 0;
  for (std::uint64_t i = 0; i < mutations; ++i) {
    const std::string& seed = seeds[random() % seeds.size()];
    if (i % 8 == 0) {
      good += Run(std::string_view(seed).substr(0, random() % (seed.size() + 1))) ? 1 : 0;
    } else {
      good += Run(Mutate(seed, seeds[random() % seeds.size()], random)) ? 1 : 0;
    }
  }
  std::cout << seeds.size() << " seeds, " << mutations << " mutations, " << good << " of them good\n";
}

}  // namespace
}  // namespace hedgerow::fuzz

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    const bool good = hedgerow::fuzz::Run(std::string(std::istreambuf_iterator<char>(file), {}));
    std::cout << argv[i] << (good ? ": good" : ": refused") << "\n";
  }
  if (argc == 1) hedgerow::fuzz::RunMutations();
  return 0;
}
