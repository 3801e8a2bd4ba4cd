#include "loops.h"

#include <algorithm>
#include <cstring>

#include "threads.h"
#include "vectors.h"
#include "walks.h"

// Everything but the table is local to this file, which is compiled more than once.
namespace graft {
namespace {

// ---- Gradient of a 3×3 kernel: for each of its three rows a product of matrices, [pixels, 3 · inputs]ᵀ · [pixels,
// outputs], in which the first matrix is the image itself: the three taps of a row lie side by side in memory.

/** Pixels that are summed before a tile of the kernel goes back to memory. */
constexpr int64_t BLOCK_PIXELS = 512;

struct Block {
  /** Rows of an image, or whole images. */
  int64_t rows, images, perImage, count;
  explicit Block(const Convolution& c) {
    rows = std::min(c.height, std::max<int64_t>(1, BLOCK_PIXELS / c.width));
    perImage = (c.height + rows - 1) / rows;
    images = perImage > 1 ? 1 : std::min(c.images, std::max<int64_t>(1, BLOCK_PIXELS / (c.height * c.width)));
    count = perImage > 1 ? c.images * perImage : (c.images + images - 1) / images;
  }
};

int64_t filterBlocks(const Convolution& convolution) { return Block(convolution).count; }

/** Rows of one block as they lie in the packed copies. */
struct Packed {
  const float *x, *dy;
  /** Rows that are summed; floats from one to the next, and from image to image. */
  int64_t images, rows, width, inputs, rowFloats, imageFloats;
};

/** M neighbouring values of x times V vectors T of outputs, over all pixels of a block; added to `tile` [M, V vectors]. */
template <typename T, int V, int M>
inline void product(const Packed& p, const float* x, const float* dy, float* tile) {
  T sums[M * V];
  unrolled<M * V>([&](auto i) ALWAYS_INLINE { sums[i] = load<T>(tile + i * lanes<T>()); });
  for (int64_t image = 0; image < p.images; image++) {
    for (int64_t row = 0; row < p.rows; row++) {
      const float* left = x + image * p.imageFloats + row * p.rowFloats;
      for (int64_t w = 0; w < p.width; w++, left += p.inputs, dy += V * lanes<T>()) {
        T right[V];
        unrolled<V>([&](auto v) ALWAYS_INLINE { right[v] = load<T>(dy + v * lanes<T>()); });
        unrolled<M>([&](auto m) ALWAYS_INLINE {
          const float value = left[m];
          unrolled<V>([&](auto v) ALWAYS_INLINE { sums[m * V + v] += value * right[v]; });
        });
      }
    }
  }
  unrolled<M * V>([&](auto i) ALWAYS_INLINE { store<T>(tile + i * lanes<T>(), sums[i]); });
}

/** product for m ≤ M. */
template <typename T, int V, int M>
inline void productOf(int64_t m, const Packed& p, const float* x, const float* dy, float* tile) {
  if constexpr (M > 0) {
    if (m == M) product<T, V, M>(p, x, dy, tile);
    else productOf<T, V, M - 1>(m, p, x, dy, tile);
  }
}

/** All tiles of one kernel row and V vectors of outputs from `output` on. */
template <typename T, int V>
void kernelRow(const Packed& p, float* kernel, const Convolution& c, int64_t first, int64_t output, bool fresh) {
  constexpr int TALL = V == 2 && REGISTERS < 32 ? 6 : 12;
  constexpr int64_t WIDTH = V * lanes<T>();
  const int64_t values = 3 * p.inputs, outputs = std::min(WIDTH, c.outputs - output);
  alignas(64) float tile[TALL * WIDTH];
  for (int64_t at = 0; at < values;) {
    const int64_t m = std::min<int64_t>(TALL, values - at);
    float* rows[TALL];
    for (int64_t i = 0; i < m; i++) {
      const int64_t tap = (at + i) / p.inputs, input = first + (at + i) % p.inputs;
      rows[i] = kernel + (tap * c.inputs + input) * c.outputs + output;
    }
    std::memset(tile, 0, sizeof tile);
    if (!fresh)
      for (int64_t i = 0; i < m; i++) std::memcpy(tile + i * WIDTH, rows[i], outputs * sizeof(float));
    productOf<T, V, TALL>(m, p, p.x + at, p.dy, tile);
    for (int64_t i = 0; i < m; i++) std::memcpy(rows[i], tile + i * WIDTH, outputs * sizeof(float));
    at += m;
  }
}

void filterGradient(const float* x, const float* dy, float* kernel, const Convolution& c, int64_t first,
                    int64_t count, int64_t from, int64_t to) {
  const Block block(c);
  const int64_t rowFloats = (c.width + 2) * count, imageFloats = (block.rows + 2) * rowFloats;
  const int64_t tapRow = 3 * c.inputs * c.outputs;
  float* image = scratch(0, block.images * imageFloats);
  const int64_t pixels = block.images * block.rows * c.width;
  float* gradients = scratch(1, pixels * 2 * LANES);
  for (int64_t at = from; at < to; at++) {
    const int64_t firstImage = block.perImage > 1 ? at / block.perImage : at * block.images;
    const int64_t firstRow = block.perImage > 1 ? at % block.perImage * block.rows : 0;
    const int64_t images = std::min(block.images, c.images - firstImage);
    const int64_t rows = std::min(block.rows, c.height - firstRow);
    for (int64_t n = 0; n < images; n++) {
      for (int64_t r = 0; r < rows + 2; r++) {
        float* to_ = image + n * imageFloats + r * rowFloats;
        const int64_t y = firstRow + r - 1;
        if (y < 0 || y >= c.height) {
          std::memset(to_, 0, rowFloats * sizeof(float));
          continue;
        }
        const float* row = x + ((firstImage + n) * c.height + y) * c.width * c.inputs + first;
        std::memset(to_, 0, count * sizeof(float));
        std::memset(to_ + rowFloats - count, 0, count * sizeof(float));
        to_ += count;
        if (count == c.inputs) {
          std::memcpy(to_, row, c.width * count * sizeof(float));
        } else {
          for (int64_t w = 0; w < c.width; w++)
            std::memcpy(to_ + w * count, row + w * c.inputs, count * sizeof(float));
        }
      }
    }
    for (int64_t output = 0; output < c.outputs;) {
      const int64_t left = c.outputs - output;
      const int64_t width = left > LANES ? 2 * LANES : left > 8 ? LANES : 8, some = std::min(width, c.outputs - output);
      // Where these are all outputs, their gradients lie side by side already.
      const bool isBeside = c.outputs == width;
      const float* beside = isBeside ? dy + (firstImage * c.height + firstRow) * c.width * c.outputs : gradients;
      float* packed = gradients;
      for (int64_t n = 0; n < images && !isBeside; n++) {
        const float* pixel = dy + (((firstImage + n) * c.height + firstRow) * c.width) * c.outputs + output;
        for (int64_t i = 0; i < rows * c.width; i++, pixel += c.outputs, packed += width) {
          if (some == width) {
            for (int64_t o = 0; o < width; o += 8) store(packed + o, load<Vector8>(pixel + o));
          } else {
            for (int64_t o = 0; o < width; o++) packed[o] = o < some ? pixel[o] : 0;
          }
        }
      }
      for (int64_t tap = 0; tap < 3; tap++) {
        const Packed p{image + tap * rowFloats, beside, images, rows, c.width, count, rowFloats, imageFloats};
        float* row = kernel + tap * tapRow;
        if (width == 2 * LANES) kernelRow<Vector, 2>(p, row, c, first, output, at == from);
        else if (width == LANES) kernelRow<Vector, 1>(p, row, c, first, output, at == from);
        else kernelRow<Vector8, 1>(p, row, c, first, output, at == from);
      }
      output += width;
    }
  }
}

}  // namespace

extern const Loops FOR_INSTRUCTIONS(Loops);
const Loops FOR_INSTRUCTIONS(Loops) = {walksOf<float>(), filterBlocks, filterGradient};

}  // namespace graft
