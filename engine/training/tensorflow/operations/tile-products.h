/**
 * What the convolutions by minimal filtering share: products of transformed tiles and kernels. Included inside of files
 * that are compiled once for each instruction set; all of it is local to each.
 */
#ifndef GRAFT_TILE_PRODUCTS_H
#define GRAFT_TILE_PRODUCTS_H

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "threads.h"
#include "vectors.h"
#include "winograd.h"

namespace graft {
namespace {

/** Outputs that are computed together: V vectors T; what is left of the registers holds tiles. */
template <typename T, int V>
struct Group {
  typedef T Lane;
  static constexpr int VECTORS = V, WIDTH = V * lanes<T>();
  /** Tiles whose sums stay in registers. */
  static constexpr int TILES = V == 2 && REGISTERS < 32 ? 6 : 12;
};

/** Calls task(Group) for the widest groups that the outputs fill. */
template <typename Task>
inline auto byGroups(const Convolution& c, const Task& task) {
  if (c.outputs % (2 * LANES) == 0) return task(Group<Vector, 2>());
  if (c.outputs % LANES == 0) return task(Group<Vector, 1>());
  return task(Group<Vector8, 1>());
}

/** Calls task(vector) for the widest vector that the inputs fill. */
template <typename Task>
inline void byInputs(const Convolution& c, const Task& task) {
  if (c.inputs % LANES == 0) task(Vector());
  else task(Vector8());
}

/** Tiles of 4×4 inputs, each of which moves on by 2. */
struct Tiles {
  int64_t rows, columns, count;
  explicit Tiles(const Convolution& c)
      : rows((c.height + 1) / 2), columns((c.width + 1) / 2), count(c.images * rows * columns) {}
};

/** Where a tile lies: its image, and its second row and column. Moves from tile to tile: dividing takes longer than a tile. */
struct Place {
  int64_t image, y, x;
  Place(const Tiles& tiles, int64_t tile)
      : image(tile / (tiles.rows * tiles.columns)),
        y(tile / tiles.columns % tiles.rows * 2),
        x(tile % tiles.columns * 2) {}
  void next(const Tiles& tiles) {
    x += 2;
    if (x < 2 * tiles.columns) return;
    x = 0;
    y += 2;
    if (y < 2 * tiles.rows) return;
    y = 0;
    image++;
  }
};

/** The 4×4 pixels of a tile inside of an image. */
struct InnerPixels {
  const float* corner;
  int64_t row, pixel;
  InnerPixels(const float* x, const Convolution& c, const Place& place)
      : corner(x + ((place.image * c.height + place.y - 1) * c.width + place.x - 1) * c.inputs),
        row(c.width * c.inputs),
        pixel(c.inputs) {}
  const float* operator()(int i, int j) const { return corner + i * row + j * pixel; }
};

/** The 4×4 pixels of a tile anywhere; `zeros`: what lies outside the image. */
struct EdgePixels {
  const float* at[4][4];
  EdgePixels(const float* x, const Convolution& c, const Place& place, const float* zeros) {
    for (int i = 0; i < 4; i++) {
      for (int j = 0; j < 4; j++) {
        const int64_t row = place.y + i - 1, column = place.x + j - 1;
        const bool isInside = row >= 0 && row < c.height && column >= 0 && column < c.width;
        at[i][j] = isInside ? x + ((place.image * c.height + row) * c.width + column) * c.inputs : zeros;
      }
    }
  }
  const float* operator()(int i, int j) const { return at[i][j]; }
};

/** Calls task(tile, its pixels) for the tiles [from, from + count), tile from 0. */
template <typename Task>
inline void eachTile(const float* x, const Convolution& c, int64_t from, int64_t count, const Task& task) {
  const Tiles tiles(c);
  float* zeros = scratch(2, c.inputs);
  std::memset(zeros, 0, c.inputs * sizeof(float));
  Place place(tiles, from);
  for (int64_t t = 0; t < count; t++, place.next(tiles)) {
    const bool isInside = place.y > 0 && place.x > 0 && place.y + 2 < c.height && place.x + 2 < c.width;
    if (isInside) task(t, InnerPixels(x, c, place));
    else task(t, EdgePixels(x, c, place, zeros));
  }
}

/** 3×3 kernels of 8 inputs, as vectors T of outputs. */
template <typename T>
struct Taps {
  alignas(64) float values[9][8][lanes<T>()];
  Taps(const float* kernel, bool turned, const Convolution& c, int64_t input, int64_t output) {
    for (int64_t tap = 0; tap < 9; tap++) {
      if (turned) {
        for (int64_t o = 0; o < lanes<T>(); o++) {
          const Vector8 row = load<Vector8>(kernel + ((8 - tap) * c.outputs + output + o) * c.inputs + input);
          for (int64_t i = 0; i < 8; i++) values[tap][i][o] = row[i];
        }
      } else {
        for (int64_t i = 0; i < 8; i++)
          store(values[tap][i], load<T>(kernel + (tap * c.inputs + input + i) * c.outputs + output));
      }
    }
  }
  T operator()(int row, int column, int64_t input) const { return load<T>(values[row * 3 + column][input]); }
};

/** Calls task(taps, input of the taps, where its transform begins: [input, output]) for all of a group of outputs. */
template <typename Task>
inline void eachTaps(const float* kernel, bool turned, const Convolution& c, int64_t group, const Task& task) {
  byGroups(c, [&](auto outputs) {
    typedef typename decltype(outputs)::Lane T;
    constexpr int64_t WIDTH = outputs.WIDTH;
    for (int64_t input = 0; input < c.inputs; input += 8) {
      for (int64_t output = 0; output < WIDTH; output += lanes<T>()) {
        const Taps<T> taps(kernel, turned, c, input, group * WIDTH + output);
        for (int64_t i = 0; i < 8; i++) task(taps, i, (input + i) * WIDTH + output);
      }
    }
  });
}

int64_t groups(const Convolution& c) {
  return byGroups(c, [&](auto outputs) { return c.outputs / outputs.WIDTH; });
}

/** Floats of one tap of a transformed kernel of a group. */
inline int64_t kernelFloats(const Convolution& c) { return c.inputs * c.outputs / groups(c); }

/** Tiles of a block: a multiple of what is computed at once, few enough for the caches and for several threads. */
constexpr int64_t EACH = 24;

inline int64_t blocksOf(const Convolution& c) { return (Tiles(c).count + EACH - 1) / EACH; }

/**
 * Floats from one of several planes of [EACH, width] to the next. A little more than they need: at distances of 4 KiB all
 * would share a set of the cache.
 */
constexpr int64_t planeOf(int64_t width) { return EACH * width + 16; }

/**
 * Transformed tiles of a block stand as [chunk of inputs, kind, tile, lanes of the chunk], so that what a product reads and
 * a transform writes lies at fixed distances. `In`: vectors of inputs; floats from chunk to chunk.
 */
template <typename In, int KINDS_OF_TILES>
constexpr int64_t chunkOf() {
  return KINDS_OF_TILES * planeOf(lanes<In>());
}

/**
 * One kind of TILES tiles times a group of outputs: → [TILES, WIDTH], rows `apart` floats apart. `chunk`: floats from one
 * chunk of inputs to the next.
 */
template <typename In, typename G>
inline void product(const float* tiles, int64_t chunk, const float* kernel, int64_t inputs, float* out,
                    int64_t apart = G::WIDTH) {
  typedef typename G::Lane T;
  constexpr int M = G::TILES, V = G::VECTORS, L = lanes<In>();
  T sums[M * V];
  unrolled<M * V>([&](auto i) ALWAYS_INLINE { sums[i] = T{}; });
  for (int64_t input = 0; input < inputs; input += L, tiles += chunk) {
    for (int i = 0; i < L; i++, kernel += G::WIDTH) {
      T right[V];
      unrolled<V>([&](auto v) ALWAYS_INLINE { right[v] = load<T>(kernel + v * lanes<T>()); });
      unrolled<M>([&](auto m) ALWAYS_INLINE {
        const float left = tiles[m * L + i];
        unrolled<V>([&](auto v) ALWAYS_INLINE { sums[m * V + v] += left * right[v]; });
      });
    }
  }
  unrolled<M>([&](auto m) ALWAYS_INLINE {
    unrolled<V>([&](auto v) ALWAYS_INLINE { store<T>(out + m * apart + v * lanes<T>(), sums[m * V + v]); });
  });
}

/** With what comes behind the sums. */
template <typename T>
inline T ended(T sum, const float* bias, bool relu) {
  const T zero = {};
  if (bias != nullptr) sum += load<T>(bias);
  return relu ? (sum < zero ? zero : sum) : sum;
}

}  // namespace
}  // namespace graft

#endif
