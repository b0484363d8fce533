// The AVX2 form of the kernels: eight words a register (kernels.h).
#include "forest/kernel_loops.h"

#if defined(__x86_64__)

namespace hedgerow::forest {
namespace {

HEDGEROW_KERNELS(__attribute__((target("avx2,bmi,popcnt"))), 8)

}  // namespace

const Kernels* Avx2Kernels() {
  static const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi");
  return has ? &kKernels : nullptr;
}

}  // namespace hedgerow::forest

#endif
