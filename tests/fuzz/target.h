// What a fuzz target is made of. Each target is one file that defines these functions, and becomes two programs: with
// libFuzzer behind it (preset `fuzz`), and with replay.cpp, which the tests run (tests/fuzz/CMakeLists.txt).
//
// Thread rule: one thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "datasets/result.h"

namespace hedgerow::fuzz {

// Good inputs, as the product itself writes them, for mutations to begin with.
std::vector<std::string> Seeds();

// Takes any input and must stand it. What does not hold ends the program: by a sanitizer, or by HEDGEROW_CHECK. Whether
// the input was good, as seeds are.
bool Run(std::string_view input);

}  // namespace hedgerow::fuzz
