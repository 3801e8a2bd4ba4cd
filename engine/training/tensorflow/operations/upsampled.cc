#include <algorithm>
#include <cstring>

#include "threads.h"
#include "tile-products.h"
#include "winograd.h"

#ifdef GRAFT_AVX2
#define GRAFT_UPSAMPLED avx2Upsampled
#else
#define GRAFT_UPSAMPLED baselineUpsampled
#endif

// Everything but the table is local to this file, which is compiled more than once.
//
// Along one axis, of inputs x₋₁ … x₂ through a kernel (a, b, c), s = a + b + c, the four outputs between are
//   y₀ = (x₋₁ − x₀) a + x₀ s          y₁ = (x₀ − x₁)(a + b) + x₁ s
//   y₂ = x₀ s − (x₀ − x₁)(b + c)      y₃ = x₁ s − (x₁ − x₂) c:
// six products of five differences and five sums of taps. Both axes at once have 36, of 25 and 25.
namespace graft {
namespace {

constexpr int KINDS = 5, TERMS = 6;
constexpr int DIFFERENCE[TERMS] = {0, 1, 2, 2, 3, 4};
/** Of a, s, b + c, a + b, c. */
constexpr int SUM[TERMS] = {0, 1, 2, 3, 1, 4};

inline int64_t tilesOf(const Convolution& c) { return tilesOfBlock(c, 4096, 24); }

int64_t blocks(const Convolution& c) { return blocksOf(c, tilesOf(c)); }

inline void sumsOf(Vector a, Vector b, Vector c, Vector* out) {
  out[0] = a;
  out[1] = a + b + c;
  out[2] = b + c;
  out[3] = a + b;
  out[4] = c;
}

/** [group, 25 sums of taps, inputs, outputs of the group] */
void transform(const float* kernel, float* transformed, const Convolution& c, int64_t group) {
  const int64_t width = vectorsOf(c) * LANES, first = group * width;
  float* out = transformed + group * KINDS * KINDS * c.inputs * width;
  for (int64_t input = 0; input < c.inputs; input++) {
    for (int64_t at = 0; at < width; at += LANES) {
      const Taps taps(kernel, false, c, input, first + at);
      Vector columns[3][KINDS];
      for (int j = 0; j < 3; j++) sumsOf(taps.at[0][j], taps.at[1][j], taps.at[2][j], columns[j]);
      for (int i = 0; i < KINDS; i++) {
        Vector all[KINDS];
        sumsOf(columns[0][i], columns[1][i], columns[2][i], all);
        for (int j = 0; j < KINDS; j++) store(out + ((i * KINDS + j) * c.inputs + input) * width + at, all[j]);
      }
    }
  }
}

inline void differencesOf(Vector a, Vector b, Vector c, Vector d, Vector* out) {
  out[0] = a - b;
  out[1] = b;
  out[2] = b - c;
  out[3] = c;
  out[4] = c - d;
}

/** Of the tiles [from, from + count): [25 differences, `each` tiles, inputs]. */
void transformTiles(const float* x, float* out, const Convolution& c, int64_t from, int64_t count, int64_t each) {
  const int64_t plane = each * c.inputs;
  eachTile(x, c, from, count, [&](int64_t tile, const auto& pixels) {
    for (int64_t input = 0; input < c.inputs; input += LANES) {
      Vector columns[4][KINDS];
      for (int j = 0; j < 4; j++) {
        differencesOf(load(pixels(0, j) + input), load(pixels(1, j) + input), load(pixels(2, j) + input),
                      load(pixels(3, j) + input), columns[j]);
      }
      float* to = out + tile * c.inputs + input;
      for (int i = 0; i < KINDS; i++) {
        Vector all[KINDS];
        differencesOf(columns[0][i], columns[1][i], columns[2][i], columns[3][i], all);
        for (int j = 0; j < KINDS; j++) store(to + (i * KINDS + j) * plane, all[j]);
      }
    }
  });
}

inline void outputsOf(const Vector* terms, int step, Vector* out) {
  out[0] = terms[0] + terms[step];
  out[1] = terms[3 * step] + terms[4 * step];
  out[2] = terms[step] - terms[2 * step];
  out[3] = terms[4 * step] - terms[5 * step];
}

/** One vector of outputs of a tile; `plane`: floats from one term to the next. */
inline void writeTile(const float* sums, int64_t plane, const float* beside, const Ending& ending, float* y,
                      const Convolution& c, const Place& place, int64_t output) {
  Vector terms[TERMS * TERMS];
  for (int i = 0; i < TERMS * TERMS; i++) terms[i] = load(sums + i * plane);
  Vector columns[TERMS][4];
  for (int j = 0; j < TERMS; j++) outputsOf(terms + j, TERMS, columns[j]);
  const float* bias = ending.bias == nullptr ? nullptr : ending.bias + output;
  const int64_t height = 2 * c.height, width = 2 * c.width, top = 2 * place.y, left = 2 * place.x;
  for (int i = 0; i < 4 && top + i < height; i++) {
    Vector row[TERMS], all[4];
    for (int j = 0; j < TERMS; j++) row[j] = columns[j][i];
    outputsOf(row, 1, all);
    const int64_t at = ((place.image * height + top + i) * width + left) * c.outputs + output;
    for (int j = 0; j < 4 && left + j < width; j++) {
      const int64_t pixel = at + j * c.outputs;
      const Vector sum = beside == nullptr ? all[j] : all[j] + load(beside + pixel);
      store(y + pixel, ended(sum, bias, ending.relu));
    }
  }
}

template <int V>
void convolveBlock(const float* x, const float* transformed, const float* beside, const Ending& ending, float* y,
                   const Convolution& c, int64_t block) {
  constexpr int64_t WIDTH = V * LANES;
  constexpr int M = tilesAtOnce<V>();
  const Tiles tiles(c);
  const int64_t each = tilesOf(c), from = block * each, count = std::min(each, tiles.count - from);
  float* values = scratch(0, KINDS * KINDS * each * c.inputs);
  float* sums = scratch(1, TERMS * TERMS * each * WIDTH);
  transformTiles(x, values, c, from, count, each);
  for (int64_t group = 0; group < groups(c); group++) {
    const float* kernels = transformed + group * KINDS * KINDS * c.inputs * WIDTH;
    for (int i = 0; i < TERMS; i++) {
      for (int j = 0; j < TERMS; j++) {
        const float* from_ = values + (DIFFERENCE[i] * KINDS + DIFFERENCE[j]) * each * c.inputs;
        const float* kernel = kernels + (SUM[i] * KINDS + SUM[j]) * c.inputs * WIDTH;
        float* to = sums + (i * TERMS + j) * each * WIDTH;
        // Beyond the last tile stand values of earlier ones, whose sums nobody reads.
        for (int64_t t = 0; t < count; t += M) product<M, V>(from_ + t * c.inputs, kernel, c.inputs, to + t * WIDTH);
      }
    }
    Place place(tiles, from);
    for (int64_t t = 0; t < count; t++, place.next(tiles)) {
      for (int v = 0; v < V; v++)
        writeTile(sums + t * WIDTH + v * LANES, each * WIDTH, beside, ending, y, c, place, group * WIDTH + v * LANES);
    }
  }
}

void convolve(const float* x, const float* transformed, const float* beside, const Ending& ending, float* y,
              const Convolution& c, int64_t block) {
  if (vectorsOf(c) == 2) convolveBlock<2>(x, transformed, beside, ending, y, c, block);
  else convolveBlock<1>(x, transformed, beside, ending, y, c, block);
}

}  // namespace

extern const Upsampled GRAFT_UPSAMPLED;
const Upsampled GRAFT_UPSAMPLED = {groups, transform, blocks, convolve};

}  // namespace graft
