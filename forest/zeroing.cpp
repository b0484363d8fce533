#include "forest/zeroing.h"

#include <sodium.h>

namespace hedgerow::forest {

void Zero(void* memory, std::size_t bytes) {
  sodium_memzero(memory, bytes);
}

}  // namespace hedgerow::forest
