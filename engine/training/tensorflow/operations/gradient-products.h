/**
 * What gradients of kernels share: sums over tiles of the products of inputs and outputs. Included inside of files that are
 * compiled once for each instruction set; all of it is local to each.
 */
#ifndef GRAFT_GRADIENT_PRODUCTS_H
#define GRAFT_GRADIENT_PRODUCTS_H

#include "tile-products.h"

namespace graft {
namespace {

/** Inputs whose sums stay in registers, beside those of a group of outputs. */
template <typename In, typename G>
constexpr int inputsAtOnce() {
  return G::VECTORS == 1 ? lanes<In>() : REGISTERS < 32 ? 4 : 8;
}

/** Adds to M rows of sums, [M, outputs of the group], the products of tiles; those of x lie `apart` floats apart. */
template <int M, typename G>
inline void addProducts(const float* x, int64_t apart, const float* dy, int64_t tiles, float* sums) {
  typedef typename G::Lane T;
  constexpr int V = G::VECTORS;
  T kept[M * V];
  unrolled<M * V>([&](auto i) ALWAYS_INLINE { kept[i] = load<T>(sums + i * lanes<T>()); });
  for (; tiles > 0; tiles--, x += apart, dy += G::WIDTH) {
    T right[V];
    unrolled<V>([&](auto v) ALWAYS_INLINE { right[v] = load<T>(dy + v * lanes<T>()); });
    unrolled<M>([&](auto m) ALWAYS_INLINE {
      const float left = x[m];
      unrolled<V>([&](auto v) ALWAYS_INLINE { kept[m * V + v] += left * right[v]; });
    });
  }
  unrolled<M * V>([&](auto i) ALWAYS_INLINE { store<T>(sums + i * lanes<T>(), kept[i]); });
}

}  // namespace
}  // namespace graft

#endif
