/**
 * Walks over whole tensors: normalisation, pooling and their gradients. `E`: what a tensor's numbers are kept in; every sum,
 * statistic and parameter is a float or more. Included as vectors.h is.
 */
#ifndef GRAFT_WALKS_H
#define GRAFT_WALKS_H

#include <algorithm>
#include <cstring>

#include "loops.h"
#include "threads.h"
#include "vectors.h"

namespace graft {
namespace {

/** Channels that are summed in registers at once. */
constexpr int WIDE_FLOATS = 32;
constexpr int WIDE = WIDE_FLOATS / LANES;
/** What is summed in float32; the sums of such blocks are added in float64. About a first-level cache. */
constexpr int64_t BLOCK_FLOATS = 8192;

int64_t blockPixels(int64_t channels) { return std::max<int64_t>(32, BLOCK_FLOATS / channels); }

/**
 * How a block of pixels is walked: few channels are seen as rows of 32 floats, several pixels each, so that the sums
 * keep several registers busy; `fold` such columns belong to one channel.
 */
struct Walk {
  int64_t rows, width, fold;
  Walk(int64_t pixels, int64_t channels) : rows(pixels), width(channels), fold(1) {
    if (channels < WIDE_FLOATS && WIDE_FLOATS % channels == 0 && pixels * channels % WIDE_FLOATS == 0) {
      rows = pixels * channels / WIDE_FLOATS;
      width = WIDE_FLOATS;
      fold = WIDE_FLOATS / channels;
    }
  }
};

/** Repeats `channels` values to the width of a walk. */
void repeat(const float* values, int64_t channels, int64_t fold, float* out) {
  for (int64_t i = 0; i < fold; i++) std::memcpy(out + i * channels, values, channels * sizeof(float));
}

void folded(float* sums, int64_t channels, int64_t fold) {
  for (int64_t i = 1; i < fold; i++)
    for (int64_t c = 0; c < channels; c++) sums[c] += sums[i * channels + c];
}

/** Calls body<T, W>(column) for columns of W vectors T, then of one, then of 8 floats, then of single ones. */
template <typename Body>
inline void columns(int64_t width, Body body) {
  int64_t c = 0;
  for (; c + WIDE_FLOATS <= width; c += WIDE_FLOATS) body.template at<Vector, WIDE>(c);
  for (; c + LANES <= width; c += LANES) body.template at<Vector, 1>(c);
  for (; LANES > 8 && c + 8 <= width; c += 8) body.template at<Vector8, 1>(c);
  for (; c < width; c++) body.template at<float, 1>(c);
}

template <typename E>
struct Sum {
  const E* x;
  int64_t rows, width;
  float* out;
  template <typename T, int W>
  inline void at(int64_t c) const {
    T sum[W] = {};
    for (int64_t r = 0; r < rows; r++)
      for (int j = 0; j < W; j++) sum[j] += load<T>(x + r * width + c + j * lanes<T>());
    for (int j = 0; j < W; j++) store<T>(out + c + j * lanes<T>(), sum[j]);
  }
};

template <typename E>
struct Squares {
  const E* x;
  const float* mean;
  int64_t rows, width;
  float* out;
  template <typename T, int W>
  inline void at(int64_t c) const {
    T sum[W] = {}, middle[W];
    for (int j = 0; j < W; j++) middle[j] = load<T>(mean + c + j * lanes<T>());
    for (int64_t r = 0; r < rows; r++)
      for (int j = 0; j < W; j++) {
        const T distance = load<T>(x + r * width + c + j * lanes<T>()) - middle[j];
        sum[j] += distance * distance;
      }
    for (int j = 0; j < W; j++) store<T>(out + c + j * lanes<T>(), sum[j]);
  }
};

/** Blocks are joined as Chan, Golub and LeVeque 1983 do: nothing large is subtracted from anything large. */
template <typename E>
void moments(const E* x, int64_t pixels, int64_t channels, double* mean, double* squares) {
  const int64_t wide = std::max<int64_t>(channels, WIDE_FLOATS);
  float* sums = scratch(0, 3 * wide);
  float *middle = sums + wide, *spread = sums + 2 * wide;
  std::fill(mean, mean + channels, 0.0);
  std::fill(squares, squares + channels, 0.0);
  const int64_t step = blockPixels(channels);
  for (int64_t done = 0; done < pixels; done += step) {
    const int64_t count = std::min(step, pixels - done);
    const Walk walk(count, channels);
    const E* from = x + done * channels;
    columns(walk.width, Sum<E>{from, walk.rows, walk.width, sums});
    folded(sums, channels, walk.fold);
    for (int64_t c = 0; c < channels; c++) sums[c] /= static_cast<float>(count);
    repeat(sums, channels, walk.fold, middle);
    columns(walk.width, Squares<E>{from, middle, walk.rows, walk.width, spread});
    folded(spread, channels, walk.fold);
    const double share = static_cast<double>(count) / static_cast<double>(done + count);
    for (int64_t c = 0; c < channels; c++) {
      const double apart = sums[c] - mean[c];
      mean[c] += apart * share;
      squares[c] += spread[c] + apart * apart * share * static_cast<double>(done);
    }
  }
}

template <typename T>
inline T normal(T x, T scale, T shift) {
  return x * scale + shift;
}

template <typename E>
struct Normalised {
  const E* x;
  const float *scale, *shift;
  E* y;
  bool relu;
  template <typename T, int W>
  inline void at(int64_t c) const {
    for (int j = 0; j < W; j++) {
      const int64_t i = c + j * lanes<T>();
      T value = normal<T>(load<T>(x + i), load<T>(scale + i), load<T>(shift + i));
      if (relu) value = value < 0 ? T{} : value;
      store<T>(y + i, value);
    }
  }
};

template <typename E>
void normalise(const E* x, E* y, int64_t pixels, int64_t channels, const Normalisation& norm) {
  const Walk walk(pixels, channels);
  float* scale = scratch(0, 2 * walk.width);
  float* shift = scale + walk.width;
  repeat(norm.scale, channels, walk.fold, scale);
  repeat(norm.shift, channels, walk.fold, shift);
  for (int64_t r = 0; r < walk.rows; r++)
    columns(walk.width, Normalised<E>{x + r * walk.width, scale, shift, y + r * walk.width, norm.relu});
}

/** The gradient that ReLU lets pass: its output is worked out again, which costs less than reading it. */
template <typename T>
inline T passed(T dy, T x, T scale, T shift, bool relu) {
  return relu ? (normal<T>(x, scale, shift) <= 0 ? T{} : dy) : dy;
}

template <typename E>
struct GradientSums {
  const E *dy, *x;
  const float *scale, *shift, *mean;
  int64_t rows, width;
  bool relu;
  float *sum, *product;
  template <typename T, int W>
  inline void at(int64_t c) const {
    T sums[W] = {}, products[W] = {};
    for (int64_t r = 0; r < rows; r++)
      for (int j = 0; j < W; j++) {
        const int64_t i = c + j * lanes<T>();
        const T value = load<T>(x + r * width + i);
        const T g = passed<T>(load<T>(dy + r * width + i), value, load<T>(scale + i), load<T>(shift + i), relu);
        sums[j] += g;
        products[j] += g * (value - load<T>(mean + i));
      }
    for (int j = 0; j < W; j++) {
      store<T>(sum + c + j * lanes<T>(), sums[j]);
      store<T>(product + c + j * lanes<T>(), products[j]);
    }
  }
};

template <typename E>
void gradientSums(const E* dy, const E* x, int64_t pixels, int64_t channels, const Normalisation& norm,
                  double* sum, double* product) {
  const int64_t wide = std::max<int64_t>(channels, WIDE_FLOATS);
  float* scale = scratch(0, 5 * wide);
  float *shift = scale + wide, *mean = scale + 2 * wide, *sums = scale + 3 * wide, *products = scale + 4 * wide;
  std::fill(sum, sum + channels, 0.0);
  std::fill(product, product + channels, 0.0);
  const int64_t step = blockPixels(channels);
  for (int64_t done = 0; done < pixels; done += step) {
    const Walk walk(std::min(step, pixels - done), channels);
    repeat(norm.scale, channels, walk.fold, scale);
    repeat(norm.shift, channels, walk.fold, shift);
    repeat(norm.mean, channels, walk.fold, mean);
    columns(walk.width, GradientSums<E>{dy + done * channels, x + done * channels, scale, shift, mean, walk.rows,
                                     walk.width, norm.relu, sums, products});
    folded(sums, channels, walk.fold);
    folded(products, channels, walk.fold);
    for (int64_t c = 0; c < channels; c++) {
      sum[c] += sums[c];
      product[c] += products[c];
    }
  }
}

template <typename E>
struct Gradient {
  const E *dy, *x;
  E* dx;
  const float *scale, *shift, *mean, *constant, *slope;
  bool relu;
  template <typename T, int W>
  inline void at(int64_t c) const {
    for (int j = 0; j < W; j++) {
      const int64_t i = c + j * lanes<T>();
      const T value = load<T>(x + i), times = load<T>(scale + i);
      const T g = passed<T>(load<T>(dy + i), value, times, load<T>(shift + i), relu);
      store<T>(dx + i, times * (g - load<T>(constant + i) - load<T>(slope + i) * (value - load<T>(mean + i))));
    }
  }
};

template <typename E>
void gradient(const E* dy, const E* x, E* dx, int64_t pixels, int64_t channels,
              const Normalisation& norm, const float* constant, const float* slope) {
  const Walk walk(pixels, channels);
  const int64_t wide = walk.width;
  float* tables = scratch(0, 5 * wide);
  const float* values[] = {norm.scale, norm.shift, norm.mean, constant, slope};
  for (int i = 0; i < 5; i++) repeat(values[i], channels, walk.fold, tables + i * wide);
  for (int64_t r = 0; r < walk.rows; r++)
    columns(wide, Gradient<E>{dy + r * wide, x + r * wide, dx + r * wide, tables, tables + wide, tables + 2 * wide,
                           tables + 3 * wide, tables + 4 * wide, norm.relu});
}

/** The larger of two, the first where they are equal; not a number where either is none, so that nothing broken vanishes. */
template <typename T>
inline T largerOf(T first, T second) {
  return (second > first) | (second != second) ? second : first;
}

template <typename E>
struct Pool {
  const E *above, *below;
  int64_t channels;
  E* y;
  template <typename T, int W>
  inline void at(int64_t c) const {
    for (int j = 0; j < W; j++) {
      const int64_t i = c + j * lanes<T>();
      const T a = load<T>(above + i), b = load<T>(above + channels + i);
      const T d = load<T>(below + i), e = load<T>(below + channels + i);
      store<T>(y + i, largerOf(largerOf(a, b), largerOf(d, e)));
    }
  }
};

template <typename E>
void pool(const E* x, E* y, int64_t width, int64_t channels) {
  for (int64_t w = 0; w < width; w++) {
    const E* above = x + 2 * w * channels;
    columns(channels, Pool<E>{above, above + 2 * width * channels, channels, y + w * channels});
  }
}

template <typename E>
struct PoolGradient {
  const E *above, *below, *dy;
  int64_t channels;
  E *dxAbove, *dxBelow;
  template <typename T, int W>
  inline void at(int64_t c) const {
    const T zero = {};
    for (int j = 0; j < W; j++) {
      const int64_t i = c + j * lanes<T>();
      const T a = load<T>(above + i), b = load<T>(above + channels + i);
      const T d = load<T>(below + i), e = load<T>(below + channels + i), g = load<T>(dy + i);
      const T over = b > a ? b : a, under = e > d ? e : d;
      // Rows first, as they lie in memory: ties go to the first.
      const T above_ = under > over ? zero : g, below_ = under > over ? g : zero;
      store<T>(dxAbove + i, b > a ? zero : above_);
      store<T>(dxAbove + channels + i, b > a ? above_ : zero);
      store<T>(dxBelow + i, e > d ? zero : below_);
      store<T>(dxBelow + channels + i, e > d ? below_ : zero);
    }
  }
};

template <typename E>
void poolGradient(const E* x, const E* dy, E* dx, int64_t width, int64_t channels) {
  const int64_t row = 2 * width * channels;
  for (int64_t w = 0; w < width; w++) {
    const int64_t at = 2 * w * channels;
    columns(channels, PoolGradient<E>{x + at, x + row + at, dy + w * channels, channels, dx + at, dx + row + at});
  }
}

template <typename E>
constexpr Walks<E> walksOf() {
  return {moments<E>, normalise<E>, gradientSums<E>, gradient<E>, pool<E>, poolGradient<E>};
}

}  // namespace
}  // namespace graft

#endif
