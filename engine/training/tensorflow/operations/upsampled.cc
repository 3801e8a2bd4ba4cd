#include <algorithm>
#include <cstring>

#include "threads.h"
#include "tile-products.h"
#include "winograd.h"

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

template <typename T>
inline void sumsOf(T a, T b, T c, T* out) {
  out[0] = a;
  out[1] = a + b + c;
  out[2] = b + c;
  out[3] = a + b;
  out[4] = c;
}

/** [group, 25 sums of taps, inputs, outputs of the group] */
void transform(const float* kernel, float* transformed, const Convolution& c, int64_t group) {
  const int64_t plane = kernelFloats(c);
  float* out = transformed + group * KINDS * KINDS * plane;
  eachTaps(kernel, false, c, group, [&](const auto& taps, int64_t input, int64_t at) {
    typedef decltype(taps(0, 0, 0)) T;
    T columns[3][KINDS];
    for (int j = 0; j < 3; j++) sumsOf(taps(0, j, input), taps(1, j, input), taps(2, j, input), columns[j]);
    for (int i = 0; i < KINDS; i++) {
      T all[KINDS];
      sumsOf(columns[0][i], columns[1][i], columns[2][i], all);
      for (int j = 0; j < KINDS; j++) store<T>(out + (i * KINDS + j) * plane + at, all[j]);
    }
  });
}

template <typename T>
inline void differencesOf(T a, T b, T c, T d, T* out) {
  out[0] = a - b;
  out[1] = b;
  out[2] = b - c;
  out[3] = c;
  out[4] = c - d;
}

/** 25 differences of the tiles [from, from + count). */
template <typename T>
void transformTiles(const float* x, float* out, const Convolution& c, int64_t from, int64_t count) {
  constexpr int64_t PLANE = planeOf(lanes<T>());
  eachTile(x, c, from, count, [inputs = c.inputs, out](int64_t tile, const auto& pixels) {
    float* to = out + tile * lanes<T>();
    for (int64_t input = 0; input < inputs; input += lanes<T>(), to += chunkOf<T, KINDS * KINDS>()) {
      T columns[4][KINDS];
      for (int j = 0; j < 4; j++) {
        differencesOf(load<T>(pixels(0, j) + input), load<T>(pixels(1, j) + input), load<T>(pixels(2, j) + input),
                      load<T>(pixels(3, j) + input), columns[j]);
      }
      for (int i = 0; i < KINDS; i++) {
        T all[KINDS];
        differencesOf(columns[0][i], columns[1][i], columns[2][i], columns[3][i], all);
        for (int j = 0; j < KINDS; j++) store<T>(to + (i * KINDS + j) * PLANE, all[j]);
      }
    }
  });
}

template <typename T>
inline void outputsOf(const T* terms, int step, T* out) {
  out[0] = terms[0] + terms[step];
  out[1] = terms[3 * step] + terms[4 * step];
  out[2] = terms[step] - terms[2 * step];
  out[3] = terms[4 * step] - terms[5 * step];
}

/** One vector of outputs of a tile; PLANE: floats from one term to the next. */
template <typename T, int64_t PLANE>
inline void writeTile(const float* sums, const float* beside, const Ending& ending, float* y, const Convolution& c,
                      const Place& place, int64_t output) {
  T terms[TERMS * TERMS];
  for (int i = 0; i < TERMS * TERMS; i++) terms[i] = load<T>(sums + i * PLANE);
  T columns[TERMS][4];
  for (int j = 0; j < TERMS; j++) outputsOf(terms + j, TERMS, columns[j]);
  const float* bias = ending.bias == nullptr ? nullptr : ending.bias + output;
  const int64_t height = 2 * c.height, width = 2 * c.width, top = 2 * place.y, left = 2 * place.x;
  for (int i = 0; i < 4 && top + i < height; i++) {
    T row[TERMS], all[4];
    for (int j = 0; j < TERMS; j++) row[j] = columns[j][i];
    outputsOf(row, 1, all);
    const int64_t at = ((place.image * height + top + i) * width + left) * c.outputs + output;
    for (int j = 0; j < 4 && left + j < width; j++) {
      const int64_t pixel = at + j * c.outputs;
      const T sum = beside == nullptr ? all[j] : all[j] + load<T>(beside + pixel);
      store<T>(y + pixel, ended<T>(sum, bias, ending.relu));
    }
  }
}

template <typename In, typename G>
void convolveBlock(const float* x, const float* transformed, const float* beside, const Ending& ending, float* y,
                   const Convolution& c, int64_t block) {
  typedef typename G::Lane T;
  constexpr int64_t CHUNK = chunkOf<In, KINDS * KINDS>(), SUMS = planeOf(G::WIDTH);
  const Tiles tiles(c);
  const int64_t from = block * EACH, count = std::min(EACH, tiles.count - from), plane = kernelFloats(c);
  float* inputs = scratch(0, c.inputs / lanes<In>() * CHUNK);
  float* sums = scratch(1, TERMS * TERMS * SUMS);
  transformTiles<In>(x, inputs, c, from, count);
  for (int64_t group = 0; group < groups(c); group++) {
    const float* kernels = transformed + group * KINDS * KINDS * plane;
    for (int i = 0; i < TERMS; i++) {
      for (int j = 0; j < TERMS; j++) {
        const float* kind = inputs + (DIFFERENCE[i] * KINDS + DIFFERENCE[j]) * planeOf(lanes<In>());
        const float* kernel = kernels + (SUM[i] * KINDS + SUM[j]) * plane;
        float* to = sums + (i * TERMS + j) * SUMS;
        // Beyond the last tile stand values of earlier ones, whose sums nobody reads.
        for (int64_t t = 0; t < count; t += G::TILES)
          product<In, G>(kind + t * lanes<In>(), CHUNK, kernel, c.inputs, to + t * G::WIDTH);
      }
    }
    Place place(tiles, from);
    for (int64_t t = 0; t < count; t++, place.next(tiles)) {
      for (int at = 0; at < G::WIDTH; at += lanes<T>())
        writeTile<T, SUMS>(sums + t * G::WIDTH + at, beside, ending, y, c, place, group * G::WIDTH + at);
    }
  }
}

void convolve(const float* x, const float* transformed, const float* beside, const Ending& ending, float* y,
              const Convolution& c, int64_t block) {
  byInputs(c, [&](auto in) {
    byGroups(c, [&](auto outputs) {
      convolveBlock<decltype(in), decltype(outputs)>(x, transformed, beside, ending, y, c, block);
    });
  });
}

}  // namespace

extern const Upsampled FOR_INSTRUCTIONS(Upsampled);
const Upsampled FOR_INSTRUCTIONS(Upsampled) = {groups, transform, blocksOf, convolve};

}  // namespace graft
