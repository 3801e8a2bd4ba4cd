#include "instructions.h"

#include <cstdlib>
#include <cstring>

namespace graft {
namespace {

const Instructions& choose() {
  static const Instructions BASELINE = {baselineLoops,          baselineWinograd,          baselineUpsampled,
                                        baselineKernelGradient, baselineUpsampledGradient, nullptr};
#if defined(__x86_64__)
  static const Instructions AVX2 = {avx2Loops,          avx2Winograd,          avx2Upsampled,
                                    avx2KernelGradient, avx2UpsampledGradient, nullptr};
  static const Instructions AVX512 = {avx512Loops,          avx512Winograd,          avx512Upsampled,
                                      avx512KernelGradient, avx512UpsampledGradient, &bfloat16Walks};
  const char* value = std::getenv("GRAFT_INSTRUCTIONS");
  const auto isAsked = [value](const char* name) { return value != nullptr && std::strcmp(value, name) == 0; };
  __builtin_cpu_init();
  const bool hasAvx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  // As -mavx512f, -mavx512vl, -mavx512bw and -mavx512dq let the compiler use them.
  const bool hasAvx512 = hasAvx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
  if (!hasAvx2 || isAsked("baseline")) return BASELINE;
  return hasAvx512 && !isAsked("avx2") ? AVX512 : AVX2;
#else
  return BASELINE;
#endif
}

}  // namespace

const Instructions& instructions() {
  static const Instructions& chosen = choose();
  return chosen;
}

}  // namespace graft
