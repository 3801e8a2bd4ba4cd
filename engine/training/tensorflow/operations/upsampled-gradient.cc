/**
 * Gradients of a 3×3 convolution of what is upsampled to twice the size. Along one axis, of gradients e of the outputs and
 * a kernel (a, b, c), s = a + b + c, the gradient of input i is
 *   (e₂ᵢ₋₁ − e₂ᵢ₊₁) c + (e₂ᵢ + e₂ᵢ₊₁) s + (e₂ᵢ₊₂ − e₂ᵢ) a,
 * three products where the transposed convolution has four; both axes at once have 9 of 16. So are those of the kernel: of
 * these three values by the inputs.
 */
#include <algorithm>

#include "gradient-products.h"
#include "threads.h"

// Everything but the table is local to this file, which is compiled more than once.
namespace graft {
namespace {

/** Along one axis: those that meet c, s and a. */
constexpr int KINDS = 3, PAIRS = KINDS * KINDS;

/** The convolution that the gradients of the outputs go through, of which each tile gives one pixel. */
Convolution backwards(const Convolution& c) { return {c.images, 2 * c.height, 2 * c.width, c.outputs, c.inputs}; }

template <typename T>
inline void valuesOf(T before, T first, T second, T behind, T* out) {
  out[0] = before - second;
  out[1] = first + second;
  out[2] = behind - first;
}

/** The nine values of the pixels [from, from + count); `place(kind, tile, output)` is where a vector of them belongs. */
template <typename T, typename Where>
void transformGradients(const float* dy, const Convolution& back, int64_t from, int64_t count, const Where& place) {
  eachTile(dy, back, from, count, [outputs = back.inputs, place](int64_t tile, const auto& pixels) {
    for (int64_t output = 0; output < outputs; output += lanes<T>()) {
      T columns[4][KINDS];
      for (int j = 0; j < 4; j++) {
        valuesOf(load<T>(pixels(0, j) + output), load<T>(pixels(1, j) + output), load<T>(pixels(2, j) + output),
                 load<T>(pixels(3, j) + output), columns[j]);
      }
      for (int i = 0; i < KINDS; i++) {
        T all[KINDS];
        valuesOf(columns[0][i], columns[1][i], columns[2][i], columns[3][i], all);
        for (int j = 0; j < KINDS; j++) store<T>(place(i * KINDS + j, tile, output), all[j]);
      }
    }
  });
}

// ---- Of the input.

int64_t groupsOfInputs(const Convolution& c) { return groups(backwards(c)); }

/** [group of inputs, pair of c, s and a, outputs, inputs of the group] */
void transform(const float* kernel, float* transformed, const Convolution& c, int64_t group) {
  const Convolution back = backwards(c);
  const int64_t plane = kernelFloats(back);
  float* out = transformed + group * PAIRS * plane;
  // Turned round as well, so that c comes first.
  eachTaps(kernel, true, back, group, [&](const auto& taps, int64_t output, int64_t at) {
    typedef decltype(taps(0, 0, 0)) T;
    T columns[3][KINDS];
    for (int j = 0; j < 3; j++) {
      const T c_ = taps(0, j, output), b = taps(1, j, output), a = taps(2, j, output);
      columns[j][0] = c_;
      columns[j][1] = c_ + b + a;
      columns[j][2] = a;
    }
    for (int i = 0; i < KINDS; i++) {
      const T all[KINDS] = {columns[0][i], columns[0][i] + columns[1][i] + columns[2][i], columns[2][i]};
      for (int j = 0; j < KINDS; j++) store<T>(out + (i * KINDS + j) * plane + at, all[j]);
    }
  });
}

int64_t blocks(const Convolution& c) { return blocksOf(backwards(c)); }

template <typename In, typename G>
void inputGradientOf(const float* dy, const float* transformed, float* dx, const Convolution& back, int64_t block) {
  constexpr int64_t PLANE = planeOf(lanes<In>());
  const int64_t from = block * EACH, count = std::min(EACH, Tiles(back).count - from);
  const int64_t outputs = back.inputs, inputs = back.outputs, chunks = outputs / lanes<In>();
  float* values = scratch(0, PAIRS * chunks * PLANE);
  float* last = scratch(1, G::TILES * G::WIDTH);
  transformGradients<In>(dy, back, from, count, [values, chunks](int kind, int64_t tile, int64_t output) {
    return values + (kind * chunks + output / lanes<In>()) * PLANE + tile * lanes<In>();
  });
  for (int64_t group = 0; group < groups(back); group++) {
    const float* kernel = transformed + group * PAIRS * outputs * G::WIDTH;
    for (int64_t t = 0; t < count; t += G::TILES) {
      float* to = dx + (from + t) * inputs + group * G::WIDTH;
      const float* tiles = values + t * lanes<In>();
      if (t + G::TILES <= count) {
        product<In, G>(tiles, PLANE, kernel, PAIRS * outputs, to, inputs);
        continue;
      }
      // Beyond the last pixel stand values of earlier ones, whose sums nobody wants.
      product<In, G>(tiles, PLANE, kernel, PAIRS * outputs, last);
      for (int64_t i = 0; i < count - t; i++) std::copy_n(last + i * G::WIDTH, G::WIDTH, to + i * inputs);
    }
  }
}

void inputGradient(const float* dy, const float* transformed, float* dx, const Convolution& c, int64_t block) {
  const Convolution back = backwards(c);
  byInputs(back, [&](auto in) {
    byGroups(back, [&](auto group) {
      inputGradientOf<decltype(in), decltype(group)>(dy, transformed, dx, back, block);
    });
  });
}

// ---- Of the kernel.

/** [group, pair of c, s and a, input, outputs of the group] → the part of the kernel. */
template <typename G>
void writeKernel(const float* sums, float* kernel, const Convolution& c, int64_t first, int64_t inputs) {
  typedef typename G::Lane T;
  const int64_t plane = inputs * G::WIDTH;
  const auto gathered = [](T c_, T s, T a, T* out) {
    out[0] = a + s;
    out[1] = s;
    out[2] = c_ + s;
  };
  for (int64_t output = 0; output < c.outputs; output += G::WIDTH, sums += PAIRS * plane) {
    for (int64_t input = 0; input < inputs; input++) {
      for (int at = 0; at < G::WIDTH; at += lanes<T>()) {
        T pairs[PAIRS], columns[KINDS][3];
        for (int i = 0; i < PAIRS; i++) pairs[i] = load<T>(sums + i * plane + input * G::WIDTH + at);
        for (int j = 0; j < KINDS; j++) gathered(pairs[j], pairs[KINDS + j], pairs[2 * KINDS + j], columns[j]);
        for (int i = 0; i < 3; i++) {
          T all[3];
          gathered(columns[0][i], columns[1][i], columns[2][i], all);
          for (int j = 0; j < 3; j++)
            store<T>(kernel + ((i * 3 + j) * c.inputs + first + input) * c.outputs + output + at, all[j]);
        }
      }
    }
  }
}

template <typename In, typename G>
void kernelGradientOf(const float* x, const float* dy, float* kernel, const Convolution& c, int64_t first,
                      int64_t inputs, int64_t from, int64_t to) {
  typedef typename G::Lane T;
  constexpr int M = inputsAtOnce<In, G>();
  constexpr int64_t PLANE = planeOf(G::WIDTH), GROUP = PAIRS * PLANE;
  const Convolution back = backwards(c);
  const int64_t pixels = Tiles(back).count, outputGroups = c.outputs / G::WIDTH;
  float* values = scratch(1, outputGroups * GROUP);
  const int64_t size = PAIRS * inputs * c.outputs;
  float* sums = scratch(4, size);
  std::fill(sums, sums + size, 0.0f);
  for (int64_t block = from; block < to; block++) {
    const int64_t at = block * EACH, count = std::min(EACH, pixels - at);
    transformGradients<T>(dy, back, at, count, [values](int kind, int64_t tile, int64_t output) {
      return values + output / G::WIDTH * GROUP + kind * PLANE + tile * G::WIDTH + output % G::WIDTH;
    });
    for (int64_t group = 0; group < outputGroups; group++) {
      for (int64_t kind = 0; kind < PAIRS; kind++) {
        const float* right = values + group * GROUP + kind * PLANE;
        float* added = sums + (group * PAIRS + kind) * inputs * G::WIDTH;
        for (int64_t input = 0; input < inputs; input += M) {
          const float* left = x + at * c.inputs + first + input;
          addProducts<M, G>(left, c.inputs, right, count, added + input * G::WIDTH);
        }
      }
    }
  }
  writeKernel<G>(sums, kernel, c, first, inputs);
}

void kernelGradient(const float* x, const float* dy, float* kernel, const Convolution& c, int64_t first, int64_t count,
                    int64_t from, int64_t to) {
  byInputs(c, [&](auto in) {
    byGroups(c, [&](auto outputs) {
      kernelGradientOf<decltype(in), decltype(outputs)>(x, dy, kernel, c, first, count, from, to);
    });
  });
}

}  // namespace

extern const UpsampledGradient FOR_INSTRUCTIONS(UpsampledGradient);
const UpsampledGradient FOR_INSTRUCTIONS(UpsampledGradient) = {groupsOfInputs, transform, blocks, inputGradient,
                                                               {blocks, kernelGradient}};

}  // namespace graft
