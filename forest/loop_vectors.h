// Vectors of L words for the kernels' loops (kernel_loops.h).
//
// The compiler's vector extension lowers them to whatever registers the function that they are inlined into may use.
//
// Thread rule: pure functions.
#pragma once

#include <cstring>

#define HEDGEROW_INLINE [[gnu::always_inline]] inline

namespace hedgerow::forest::loops {

template <class T, int L>
struct VectorOf {
  // NOLINTNEXTLINE(modernize-use-using): an alias does not carry the attribute when its size depends on L
  typedef T Type __attribute__((vector_size(L * sizeof(T))));
};
template <class T, int L>
using Vector = typename VectorOf<T, L>::Type;

template <class T, int L>
HEDGEROW_INLINE void Load(const void* from, Vector<T, L>& to) {
  std::memcpy(&to, from, sizeof to);
}
template <class V>
HEDGEROW_INLINE void Save(void* to, const V& value) {
  std::memcpy(to, &value, sizeof value);
}

}  // namespace hedgerow::forest::loops
