#include "forest/kernels.h"

#include "forest/kernel_loops.h"

namespace hedgerow::forest {
namespace {

HEDGEROW_KERNELS(, 8)

}  // namespace

const Kernels& PortableKernels() {
  return kKernels;
}

const Kernels& BestKernels() {
  static const Kernels& best = Avx512Kernels() != nullptr ? *Avx512Kernels()
                               : Avx2Kernels() != nullptr ? *Avx2Kernels()
                                                          : PortableKernels();
  return best;
}

#if !defined(__x86_64__)
const Kernels* Avx2Kernels() {
  return nullptr;
}
const Kernels* Avx512Kernels() {
  return nullptr;
}
#endif

}  // namespace hedgerow::forest
