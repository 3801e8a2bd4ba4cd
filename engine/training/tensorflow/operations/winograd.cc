#include "winograd.h"

#include <algorithm>
#include <cstring>

#include "threads.h"
#include "winograd-tiles.h"

// Everything but the table is local to this file, which is compiled more than once.
namespace graft {
namespace {

/** G g Gᵀ: [group, tap of 16, inputs, outputs of the group]. */
void transform(const float* kernel, bool turned, float* transformed, const Convolution& c, int64_t group) {
  const int64_t plane = kernelFloats(c);
  float* out = transformed + group * TAPS * plane;
  eachTaps(kernel, turned, c, group, [&](const auto& taps, int64_t input, int64_t at) {
    typedef decltype(taps(0, 0, 0)) T;
    T rows[4][3];
    for (int j = 0; j < 3; j++) {
      const T a = taps(0, j, input), b = taps(1, j, input), d = taps(2, j, input);
      rows[0][j] = a;
      rows[1][j] = (a + b + d) * 0.5f;
      rows[2][j] = (a - b + d) * 0.5f;
      rows[3][j] = d;
    }
    for (int i = 0; i < 4; i++) {
      const T *r = rows[i], sum = (r[0] + r[1] + r[2]) * 0.5f, other = (r[0] - r[1] + r[2]) * 0.5f;
      const T all[4] = {r[0], sum, other, r[2]};
      for (int j = 0; j < 4; j++) store<T>(out + (i * 4 + j) * plane + at, all[j]);
    }
  });
}

/** Aᵀ m A of one vector of outputs of a tile; PLANE: floats from one tap to the next. */
template <typename T, int64_t PLANE>
inline void writeTile(const float* sums, const Ending& ending, float* y, const Convolution& c, const Place& place,
                      int64_t output) {
  T rows[2][4];
  for (int j = 0; j < 4; j++) {
    const T a = load<T>(sums + j * PLANE), b = load<T>(sums + (4 + j) * PLANE);
    const T d = load<T>(sums + (8 + j) * PLANE), e = load<T>(sums + (12 + j) * PLANE);
    rows[0][j] = a + b + d;
    rows[1][j] = b - d - e;
  }
  const float* bias = ending.bias == nullptr ? nullptr : ending.bias + output;
  for (int i = 0; i < 2 && place.y + i < c.height; i++) {
    const T* r = rows[i];
    float* pixel = y + ((place.image * c.height + place.y + i) * c.width + place.x) * c.outputs + output;
    store<T>(pixel, ended<T>(r[0] + r[1] + r[2], bias, ending.relu));
    if (place.x + 1 < c.width) store<T>(pixel + c.outputs, ended<T>(r[1] - r[2] - r[3], bias, ending.relu));
  }
}

template <typename In, typename G>
void convolveBlock(const float* x, const float* transformed, const Ending& ending, float* y, const Convolution& c,
                   int64_t block) {
  typedef typename G::Lane T;
  constexpr int64_t CHUNK = chunkOf<In, TAPS>(), SUMS = planeOf(G::WIDTH);
  const Tiles tiles(c);
  const int64_t from = block * EACH, count = std::min(EACH, tiles.count - from);
  float* inputs = scratch(0, c.inputs / lanes<In>() * CHUNK);
  float* sums = scratch(1, TAPS * SUMS);
  transformTiles<In>(x, c.inputs, inputs, c, from, count);
  for (int64_t group = 0; group < groups(c); group++) {
    const float* kernel = transformed + group * TAPS * c.inputs * G::WIDTH;
    for (int64_t tap = 0; tap < TAPS; tap++, kernel += c.inputs * G::WIDTH) {
      // Beyond the last tile stand values of earlier ones, whose sums nobody reads.
      for (int64_t t = 0; t < count; t += G::TILES) {
        product<In, G>(inputs + tap * planeOf(lanes<In>()) + t * lanes<In>(), CHUNK, kernel, c.inputs,
                       sums + tap * SUMS + t * G::WIDTH);
      }
    }
    Place place(tiles, from);
    for (int64_t t = 0; t < count; t++, place.next(tiles)) {
      for (int at = 0; at < G::WIDTH; at += lanes<T>())
        writeTile<T, SUMS>(sums + t * G::WIDTH + at, ending, y, c, place, group * G::WIDTH + at);
    }
  }
}

void convolve(const float* x, const float* transformed, const Ending& ending, float* y, const Convolution& c,
              int64_t block) {
  byInputs(c, [&](auto in) {
    byGroups(c, [&](auto outputs) {
      convolveBlock<decltype(in), decltype(outputs)>(x, transformed, ending, y, c, block);
    });
  });
}

}  // namespace

extern const Winograd FOR_INSTRUCTIONS(Winograd);
const Winograd FOR_INSTRUCTIONS(Winograd) = {groups, transform, blocksOf, convolve};

}  // namespace graft
