// The AVX-512 form of the kernels: sixteen words a register, and comparisons that give bits at once (kernels.h).
#include "forest/kernel_loops.h"

#if defined(__x86_64__)

namespace hedgerow::forest {
namespace {

#if defined(__clang__)  // which knows no preferred width here, and would ignore all of it
HEDGEROW_KERNELS(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,bmi,popcnt"))), 16)
#else
HEDGEROW_KERNELS(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,bmi,popcnt,prefer-vector-width=512"))), 16)
#endif

}  // namespace

const Kernels* Avx512Kernels() {
  static const bool has = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                          __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
  return has ? &kKernels : nullptr;
}

}  // namespace hedgerow::forest

#endif
