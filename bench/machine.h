// What every benchmark says first: on which machine, of which commit, built by what.
//
// Thread rule: one thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace hedgerow::bench {

// Name and value: processor, cores, memory, kernel, compiler, build, commit.
std::vector<std::pair<std::string, std::string>> DescribeMachine();

// The most that this process ever had in memory, in bytes.
std::size_t PeakMemoryBytes();

}  // namespace hedgerow::bench
