// The largest single allocation of the test program, to prove that damage cannot ask for much memory.
//
// allocations.cpp replaces the global operator new; it belongs into test programs only.
//
// Thread rule: any thread.
#pragma once

#include <cstddef>

namespace hedgerow::tests {

// Starts anew.
void ForgetAllocations();
// In bytes, since ForgetAllocations.
std::size_t LargestAllocation();

}  // namespace hedgerow::tests
