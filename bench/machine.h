// What every benchmark says first: on which machine, of which commit, built by what.
//
// Thread rule: one thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace hedgerow::bench {

// Name and value: processor, cores, memory, random read, kernel, compiler, build, commit. A random read is one that the
// caches do not have. Forgetting and predicting are made of them, and on a shared machine they may come to take twice
// as long within minutes.
std::vector<std::pair<std::string, std::string>> DescribeMachine();

// The most that this process ever had in memory, in bytes.
std::size_t PeakMemoryBytes();

}  // namespace hedgerow::bench
