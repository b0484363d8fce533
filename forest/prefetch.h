// Asking the memory for what will soon be read or written.
#pragma once

#include <cstddef>

namespace hedgerow::forest {

inline constexpr std::size_t kCacheLine = 64;

// The empty instruction is there because gcc takes a function that only prefetches for one without an effect, and
// leaves out the calls of it.
inline void Prefetch(const void* memory, std::size_t bytes) {
  const char* const begin = static_cast<const char*>(memory);
  for (std::size_t at = 0; at < bytes; at += kCacheLine) __builtin_prefetch(begin + at, 1);
  asm volatile("");
}

}  // namespace hedgerow::forest
