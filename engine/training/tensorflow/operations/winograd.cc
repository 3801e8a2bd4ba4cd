#include "winograd.h"

#include <algorithm>
#include <cstring>

#include "threads.h"
#include "tile-products.h"

#ifdef GRAFT_AVX2
#define GRAFT_WINOGRAD avx2Winograd
#else
#define GRAFT_WINOGRAD baselineWinograd
#endif

// Everything but the table is local to this file, which is compiled more than once.
namespace graft {
namespace {

/** Of a tile of 4×4 inputs, which gives 2×2 outputs; and of its transform. */
constexpr int TAPS = 16;

inline int64_t tilesOf(const Convolution& c) { return tilesOfBlock(c, 6144, 48); }

int64_t blocks(const Convolution& c) { return blocksOf(c, tilesOf(c)); }

/** G g Gᵀ: [group, tap of 16, inputs, outputs of the group]. */
void transform(const float* kernel, bool turned, float* transformed, const Convolution& c, int64_t group) {
  const int64_t width = vectorsOf(c) * LANES, first = group * width;
  float* out = transformed + group * TAPS * c.inputs * width;
  for (int64_t input = 0; input < c.inputs; input++) {
    for (int64_t at = 0; at < width; at += LANES) {
      const Taps taps(kernel, turned, c, input, first + at);
      Vector rows[4][3];
      for (int j = 0; j < 3; j++) {
        const Vector a = taps.at[0][j], b = taps.at[1][j], d = taps.at[2][j];
        rows[0][j] = a;
        rows[1][j] = (a + b + d) * 0.5f;
        rows[2][j] = (a - b + d) * 0.5f;
        rows[3][j] = d;
      }
      for (int i = 0; i < 4; i++) {
        const Vector *r = rows[i], sum = (r[0] + r[1] + r[2]) * 0.5f, other = (r[0] - r[1] + r[2]) * 0.5f;
        const Vector all[4] = {r[0], sum, other, r[2]};
        for (int j = 0; j < 4; j++) store(out + ((i * 4 + j) * c.inputs + input) * width + at, all[j]);
      }
    }
  }
}

/** Bᵀ d of one column of a tile. */
struct Column {
  Vector at[4];
  template <typename Pixels>
  Column(const Pixels& pixels, int j, int64_t input) {
    const Vector a = load(pixels(0, j) + input), b = load(pixels(1, j) + input);
    const Vector d = load(pixels(2, j) + input), e = load(pixels(3, j) + input);
    at[0] = a - d;
    at[1] = b + d;
    at[2] = d - b;
    at[3] = b - e;
  }
};

/** Bᵀ d B of the tiles [from, from + count): [tap, `each` tiles, inputs]. */
void transformTiles(const float* x, float* out, const Convolution& c, int64_t from, int64_t count, int64_t each) {
  const int64_t plane = each * c.inputs;
  eachTile(x, c, from, count, [&](int64_t tile, const auto& pixels) {
    // Never more than three columns at once: all four would not fit into the registers.
    for (int64_t input = 0; input < c.inputs; input += LANES) {
      float* to = out + tile * c.inputs + input;
      const Column second(pixels, 1, input), third(pixels, 2, input);
      for (int i = 0; i < 4; i++) {
        store(to + (4 * i + 1) * plane, second.at[i] + third.at[i]);
        store(to + (4 * i + 2) * plane, third.at[i] - second.at[i]);
      }
      const Column first(pixels, 0, input);
      for (int i = 0; i < 4; i++) store(to + 4 * i * plane, first.at[i] - third.at[i]);
      const Column fourth(pixels, 3, input);
      for (int i = 0; i < 4; i++) store(to + (4 * i + 3) * plane, second.at[i] - fourth.at[i]);
    }
  });
}

/** Aᵀ m A of one vector of outputs of a tile; `plane`: floats from one tap to the next. */
inline void writeTile(const float* sums, int64_t plane, const Ending& ending, float* y, const Convolution& c,
                      const Place& place, int64_t output) {
  Vector rows[2][4];
  for (int j = 0; j < 4; j++) {
    const Vector a = load(sums + j * plane), b = load(sums + (4 + j) * plane);
    const Vector d = load(sums + (8 + j) * plane), e = load(sums + (12 + j) * plane);
    rows[0][j] = a + b + d;
    rows[1][j] = b - d - e;
  }
  const float* bias = ending.bias == nullptr ? nullptr : ending.bias + output;
  for (int i = 0; i < 2 && place.y + i < c.height; i++) {
    const Vector* r = rows[i];
    float* pixel = y + ((place.image * c.height + place.y + i) * c.width + place.x) * c.outputs + output;
    store(pixel, ended(r[0] + r[1] + r[2], bias, ending.relu));
    if (place.x + 1 < c.width) store(pixel + c.outputs, ended(r[1] - r[2] - r[3], bias, ending.relu));
  }
}

template <int V>
void convolveBlock(const float* x, const float* transformed, const Ending& ending, float* y, const Convolution& c,
                   int64_t block) {
  constexpr int64_t WIDTH = V * LANES;
  constexpr int M = tilesAtOnce<V>();
  const Tiles tiles(c);
  const int64_t each = tilesOf(c), from = block * each, count = std::min(each, tiles.count - from);
  float* values = scratch(0, TAPS * each * c.inputs);
  float* sums = scratch(1, TAPS * each * WIDTH);
  transformTiles(x, values, c, from, count, each);
  for (int64_t group = 0; group < groups(c); group++) {
    for (int64_t tap = 0; tap < TAPS; tap++) {
      const float* kernel = transformed + (group * TAPS + tap) * c.inputs * WIDTH;
      // Beyond the last tile stand values of earlier ones, whose sums nobody reads.
      for (int64_t t = 0; t < count; t += M)
        product<M, V>(values + (tap * each + t) * c.inputs, kernel, c.inputs, sums + (tap * each + t) * WIDTH);
    }
    Place place(tiles, from);
    for (int64_t t = 0; t < count; t++, place.next(tiles)) {
      for (int v = 0; v < V; v++)
        writeTile(sums + t * WIDTH + v * LANES, each * WIDTH, ending, y, c, place, group * WIDTH + v * LANES);
    }
  }
}

void convolve(const float* x, const float* transformed, const Ending& ending, float* y, const Convolution& c,
              int64_t block) {
  if (vectorsOf(c) == 2) convolveBlock<2>(x, transformed, ending, y, c, block);
  else convolveBlock<1>(x, transformed, ending, y, c, block);
}

}  // namespace

extern const Winograd GRAFT_WINOGRAD;
const Winograd GRAFT_WINOGRAD = {groups, transform, blocks, convolve};

}  // namespace graft
