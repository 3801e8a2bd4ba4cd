/**
 * Transforms of the tiles that F(2×2, 3×3) and the gradient of its kernel share. Included inside of files that are compiled
 * once for each instruction set; all of it is local to each.
 */
#ifndef GRAFT_WINOGRAD_TILES_H
#define GRAFT_WINOGRAD_TILES_H

#include "tile-products.h"

namespace graft {
namespace {

/** Of a tile of 4×4 inputs, which gives 2×2 outputs; and of its transform. */
constexpr int TAPS = 16;

/** Bᵀ d of one column of a tile. */
template <typename T>
struct Column {
  T at[4];
  template <typename Pixels>
  Column(const Pixels& pixels, int j, int64_t input) {
    const T a = load<T>(pixels(0, j) + input), b = load<T>(pixels(1, j) + input);
    const T d = load<T>(pixels(2, j) + input), e = load<T>(pixels(3, j) + input);
    at[0] = a - d;
    at[1] = b + d;
    at[2] = d - b;
    at[3] = b - e;
  }
};

/** Bᵀ d B of the tiles [from, from + count), of the first `inputs` that x points to in each pixel. */
template <typename T>
void transformTiles(const float* x, int64_t inputs, float* out, const Convolution& c, int64_t from, int64_t count) {
  constexpr int64_t PLANE = planeOf(lanes<T>());
  eachTile(x, c, from, count, [inputs, out](int64_t tile, const auto& pixels) {
    float* to = out + tile * lanes<T>();
    // Never more than three columns at once: all four would not fit into the registers.
    for (int64_t input = 0; input < inputs; input += lanes<T>(), to += chunkOf<T, TAPS>()) {
      const Column<T> second(pixels, 1, input), third(pixels, 2, input);
      for (int i = 0; i < 4; i++) {
        store<T>(to + (4 * i + 1) * PLANE, second.at[i] + third.at[i]);
        store<T>(to + (4 * i + 2) * PLANE, third.at[i] - second.at[i]);
      }
      const Column<T> first(pixels, 0, input);
      for (int i = 0; i < 4; i++) store<T>(to + 4 * i * PLANE, first.at[i] - third.at[i]);
      const Column<T> fourth(pixels, 3, input);
      for (int i = 0; i < 4; i++) store<T>(to + (4 * i + 3) * PLANE, second.at[i] - fourth.at[i]);
    }
  });
}

}  // namespace
}  // namespace graft

#endif
