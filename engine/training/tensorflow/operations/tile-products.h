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
#include "winograd.h"

namespace graft {
namespace {

typedef float Vector __attribute__((vector_size(32)));
constexpr int LANES = 8;

// Copied, because nothing in memory is aligned to a vector.
inline Vector load(const float* from) {
  Vector value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
inline void store(float* to, Vector value) { std::memcpy(to, &value, sizeof value); }

/** Vectors of outputs that one product computes: what is left of the registers holds tiles. */
inline int vectorsOf(const Convolution& c) { return c.outputs % (2 * LANES) == 0 ? 2 : 1; }
template <int V>
constexpr int tilesAtOnce() {
  return V == 2 ? 6 : 12;
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

/** A 3×3 kernel at 8 outputs of one input. */
struct Taps {
  Vector at[3][3];
  Taps(const float* kernel, bool turned, const Convolution& c, int64_t input, int64_t output) {
    for (int64_t tap = 0; tap < 9; tap++) {
      float values[LANES];
      for (int64_t j = 0; j < LANES; j++) {
        values[j] = turned ? kernel[((8 - tap) * c.outputs + output + j) * c.inputs + input]
                           : kernel[(tap * c.inputs + input) * c.outputs + output + j];
      }
      at[tap / 3][tap % 3] = load(values);
    }
  }
};

/** Tiles of a block, whose transforms should stay in the second-level cache: a multiple of what is computed at once. */
inline int64_t tilesOfBlock(const Convolution& c, int64_t floats, int64_t most) {
  constexpr int64_t FEWEST = 12;
  return std::clamp(floats / c.inputs / FEWEST * FEWEST, FEWEST, most);
}

inline int64_t blocksOf(const Convolution& c, int64_t tilesEach) {
  return (Tiles(c).count + tilesEach - 1) / tilesEach;
}

/** Groups of outputs that are computed together. */
int64_t groups(const Convolution& c) { return c.outputs / (vectorsOf(c) * LANES); }

/** One tap of M tiles times V vectors of outputs: [M, inputs] · [inputs, V · 8] → [M, V · 8]. */
template <int M, int V>
inline void product(const float* tiles, const float* kernel, int64_t inputs, float* out) {
  Vector sums[M][V] = {};
  for (int64_t input = 0; input < inputs; input++) {
    Vector right[V];
    for (int v = 0; v < V; v++) right[v] = load(kernel + (input * V + v) * LANES);
    for (int m = 0; m < M; m++)
      for (int v = 0; v < V; v++) sums[m][v] += tiles[m * inputs + input] * right[v];
  }
  for (int m = 0; m < M; m++)
    for (int v = 0; v < V; v++) store(out + (m * V + v) * LANES, sums[m][v]);
}

/** With what comes behind the sums. */
inline Vector ended(Vector sum, const float* bias, bool relu) {
  const Vector zero = {};
  if (bias != nullptr) sum += load(bias);
  return relu ? (sum < zero ? zero : sum) : sum;
}

}  // namespace
}  // namespace graft

#endif
