/**
 * Gradient of a 3×3 kernel by minimal filtering: where F(2×2, 3×3) makes outputs of Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A, the
 * gradient is Gᵀ [Σ (Bᵀ d B) ⊙ (A dy Aᵀ)] G, with 16 products a tile of 2×2 pixels where the sum as it is written has 36.
 */
#include <algorithm>

#include "gradient-products.h"
#include "threads.h"
#include "winograd-tiles.h"

// Everything but the table is local to this file, which is compiled more than once.
namespace graft {
namespace {

/** A dy of a column, or of a row. */
template <typename T>
inline void spread(T first, T second, T* out) {
  out[0] = first;
  out[1] = first + second;
  out[2] = first - second;
  out[3] = -second;
}

/** A dy Aᵀ of the tiles [from, from + count): [group, tap, tile, outputs of the group]. */
template <typename G>
void transformGradients(const float* dy, float* out, const Convolution& c, int64_t from, int64_t count) {
  typedef typename G::Lane T;
  constexpr int64_t PLANE = planeOf(G::WIDTH);
  const Tiles tiles(c);
  Place place(tiles, from);
  const int64_t row = c.width * c.outputs;
  for (int64_t tile = 0; tile < count; tile++, place.next(tiles)) {
    const float* corner = dy + ((place.image * c.height + place.y) * c.width + place.x) * c.outputs;
    const bool hasBelow = place.y + 1 < c.height, hasRight = place.x + 1 < c.width;
    float* to = out + tile * G::WIDTH;
    for (int64_t output = 0; output < c.outputs; output += G::WIDTH, to += TAPS * PLANE) {
      for (int at = 0; at < G::WIDTH; at += lanes<T>()) {
        const float* pixel = corner + output + at;
        const T zero = {};
        T left[4], right[4];
        spread<T>(load<T>(pixel), hasBelow ? load<T>(pixel + row) : zero, left);
        spread<T>(hasRight ? load<T>(pixel + c.outputs) : zero,
                  hasRight && hasBelow ? load<T>(pixel + row + c.outputs) : zero, right);
        for (int i = 0; i < 4; i++) {
          T all[4];
          spread<T>(left[i], right[i], all);
          for (int j = 0; j < 4; j++) store<T>(to + (4 * i + j) * PLANE + at, all[j]);
        }
      }
    }
  }
}

/** Gᵀ m G: [group, tap of 16, input, outputs of the group] → the part of the kernel. */
template <typename G>
void writeKernel(const float* sums, float* kernel, const Convolution& c, int64_t first, int64_t inputs) {
  typedef typename G::Lane T;
  const int64_t plane = inputs * G::WIDTH;
  const auto gathered = [](const T* m, int step, T* out) {
    const T both = (m[step] + m[2 * step]) * 0.5f;
    out[0] = m[0] + both;
    out[1] = (m[step] - m[2 * step]) * 0.5f;
    out[2] = both + m[3 * step];
  };
  for (int64_t output = 0; output < c.outputs; output += G::WIDTH, sums += TAPS * plane) {
    for (int64_t input = 0; input < inputs; input++) {
      for (int at = 0; at < G::WIDTH; at += lanes<T>()) {
        T taps[TAPS], columns[4][3];
        for (int i = 0; i < TAPS; i++) taps[i] = load<T>(sums + i * plane + input * G::WIDTH + at);
        for (int j = 0; j < 4; j++) gathered(taps + j, 4, columns[j]);
        for (int i = 0; i < 3; i++) {
          const T row[4] = {columns[0][i], columns[1][i], columns[2][i], columns[3][i]};
          T all[3];
          gathered(row, 1, all);
          for (int j = 0; j < 3; j++)
            store<T>(kernel + ((i * 3 + j) * c.inputs + first + input) * c.outputs + output + at, all[j]);
        }
      }
    }
  }
}

template <typename In, typename G>
void gradientOf(const float* x, const float* dy, float* kernel, const Convolution& c, int64_t first, int64_t inputs,
                int64_t from, int64_t to) {
  constexpr int M = inputsAtOnce<In, G>(), L = lanes<In>();
  constexpr int64_t CHUNK = chunkOf<In, TAPS>(), GROUP = TAPS * planeOf(G::WIDTH);
  const Tiles tiles(c);
  float* xs = scratch(0, inputs / L * CHUNK);
  float* dys = scratch(1, c.outputs / G::WIDTH * GROUP);
  const int64_t size = TAPS * inputs * c.outputs;
  float* sums = scratch(4, size);
  std::fill(sums, sums + size, 0.0f);
  for (int64_t block = from; block < to; block++) {
    const int64_t at = block * EACH, count = std::min(EACH, tiles.count - at);
    transformTiles<In>(x + first, inputs, xs, c, at, count);
    transformGradients<G>(dy, dys, c, at, count);
    for (int64_t group = 0; group < c.outputs / G::WIDTH; group++) {
      for (int64_t tap = 0; tap < TAPS; tap++) {
        const float* right = dys + group * GROUP + tap * planeOf(G::WIDTH);
        float* added = sums + (group * TAPS + tap) * inputs * G::WIDTH;
        for (int64_t input = 0; input < inputs; input += M) {
          const float* left = xs + input / L * CHUNK + tap * planeOf(L) + input % L;
          addProducts<M, G>(left, L, right, count, added + input * G::WIDTH);
        }
      }
    }
  }
  writeKernel<G>(sums, kernel, c, first, inputs);
}

void gradient(const float* x, const float* dy, float* kernel, const Convolution& c, int64_t first, int64_t count,
              int64_t from, int64_t to) {
  byInputs(c, [&](auto in) {
    byGroups(c, [&](auto outputs) {
      gradientOf<decltype(in), decltype(outputs)>(x, dy, kernel, c, first, count, from, to);
    });
  });
}

}  // namespace

extern const KernelGradient FOR_INSTRUCTIONS(KernelGradient);
const KernelGradient FOR_INSTRUCTIONS(KernelGradient) = {blocksOf, gradient};

}  // namespace graft
