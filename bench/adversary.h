// Somebody who has records forgotten so that splits flip: always those that make the least robust large node weaker.
//
// Thread rule: one thread; it holds the model's lock while it looks.
#pragma once

#include <cstdint>
#include <vector>

#include "datasets/table.h"
#include "forest/executor.h"
#include "unlearn/model.h"

namespace hedgerow::bench {

class Adversary {
 public:
  // A node is large from so many records on. A look at the forest gives up to `ids_a_look` records.
  Adversary(const unlearn::Model& model, forest::Executor& executor, std::uint32_t large, std::size_t ids_a_look = 16)
      : model_(model), executor_(executor), large_(large), ids_a_look_(ids_a_look) {}

  // The next record to forget; any record when no node is large any more.
  datasets::RecordId Next();

 private:
  struct Target {
    const forest::Node* node = nullptr;
    std::uint64_t removals = 0;  // that its split certainly survives
    std::uint32_t challenger = 0;
  };
  Target LeastRobust() const;
  void Look();

  const unlearn::Model& model_;
  forest::Executor& executor_;
  const std::uint32_t large_;
  const std::size_t ids_a_look_;
  std::vector<datasets::RecordId> next_;
};

}  // namespace hedgerow::bench
