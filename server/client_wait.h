// Waiting for an answer that comes through a function; only server/client*.cpp include it.
//
// Thread rule: any thread but the one that gives the answer.
#pragma once

#include <future>
#include <memory>
#include <utility>

namespace hedgerow::server {

template <class T, class Start>
T Wait(const Start& start) {
  std::promise<std::unique_ptr<T>> promise;
  start([&promise](T answer) { promise.set_value(std::make_unique<T>(std::move(answer))); });
  return std::move(*promise.get_future().get());
}

}  // namespace hedgerow::server
