/**
 * Vectors of the instruction set that a file is compiled for. Files that include this are compiled once for each set
 * (build/own-operations.mjs), so all that they define is local to them but a table, whose name FOR_INSTRUCTIONS makes.
 */
#ifndef GRAFT_VECTORS_H
#define GRAFT_VECTORS_H

#include <cstring>
#include <utility>

#if defined(GRAFT_AVX512)
#define FOR_INSTRUCTIONS(table) avx512##table
#elif defined(GRAFT_AVX2)
#define FOR_INSTRUCTIONS(table) avx2##table
#else
#define FOR_INSTRUCTIONS(table) baseline##table
#endif

namespace graft {
namespace {

#if defined(GRAFT_AVX512)
constexpr int LANES = 16;
constexpr int REGISTERS = 32;
#else
constexpr int LANES = 8;
constexpr int REGISTERS = 16;
#endif
typedef float Vector __attribute__((vector_size(LANES * sizeof(float))));
/** Of channels that fill no more. */
typedef float Vector8 __attribute__((vector_size(8 * sizeof(float))));

// Copied, because nothing in memory is aligned to a vector.
template <typename T>
inline T load(const float* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
template <typename T>
inline void store(float* to, T value) {
  std::memcpy(to, &value, sizeof value);
}
template <typename T>
constexpr int lanes() {
  return sizeof(T) / sizeof(float);
}

template <typename Task, int... I>
__attribute__((always_inline)) inline void unrolled(const Task& task, std::integer_sequence<int, I...>) {
  (task(std::integral_constant<int, I>()), ...);
}
/** task(0) … task(N − 1), written out one after the other: what a loop indexes would not stay in registers. */
template <int N, typename Task>
__attribute__((always_inline)) inline void unrolled(const Task& task) {
  unrolled(task, std::make_integer_sequence<int, N>());
}
#define ALWAYS_INLINE __attribute__((always_inline))

}  // namespace
}  // namespace graft

#endif
