// What a benchmark cannot go on without: where it fails, the program ends with a message.
//
// Thread rule: any thread.
#pragma once

#include <fmt/format.h>

#include <cstdlib>
#include <utility>

#include "datasets/result.h"

namespace hedgerow::bench {

inline void Check(const Status& status) {
  if (status) return;
  fmt::print(stderr, "bench: error: {}\n", status.error().ToString());
  std::exit(2);
}

template <class T>
T Get(Result<T> result) {
  if (!result) Check(result.error());
  return std::move(*result);
}

}  // namespace hedgerow::bench
