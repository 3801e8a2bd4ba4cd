#include "loops.h"

#include <algorithm>
#include <cstring>

#include "threads.h"

#ifdef GRAFT_AVX2
#define GRAFT_LOOPS avx2Loops
#else
#define GRAFT_LOOPS baselineLoops
#endif

// Everything but the table is local to this file, which is compiled more than once.
namespace graft {
namespace {

typedef float Vector __attribute__((vector_size(32)));
constexpr int LANES = 8;

// Copied, because nothing in memory is aligned to a vector.
template <typename T>
inline T load(const float* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
template <typename T>
inline void store(float* to, T value) {
  std::memcpy(to, &value, sizeof value);
}
template <typename T>
constexpr int lanes() {
  return sizeof(T) / sizeof(float);
}

/** Channels that are summed in registers at once. */
constexpr int WIDE = 4;
constexpr int WIDE_FLOATS = WIDE * LANES;
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

/** Calls body<T, W>(column) for columns of W vectors T, then of one, then of single floats. */
template <typename Body>
inline void columns(int64_t width, Body body) {
  int64_t c = 0;
  for (; c + WIDE_FLOATS <= width; c += WIDE_FLOATS) body.template at<Vector, WIDE>(c);
  for (; c + LANES <= width; c += LANES) body.template at<Vector, 1>(c);
  for (; c < width; c++) body.template at<float, 1>(c);
}

struct Sum {
  const float* x;
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

struct Squares {
  const float *x, *mean;
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
void moments(const float* x, int64_t pixels, int64_t channels, double* mean, double* squares) {
  const int64_t wide = std::max<int64_t>(channels, WIDE_FLOATS);
  float* sums = scratch(0, 3 * wide);
  float *middle = sums + wide, *spread = sums + 2 * wide;
  std::fill(mean, mean + channels, 0.0);
  std::fill(squares, squares + channels, 0.0);
  const int64_t step = blockPixels(channels);
  for (int64_t done = 0; done < pixels; done += step) {
    const int64_t count = std::min(step, pixels - done);
    const Walk walk(count, channels);
    const float* from = x + done * channels;
    columns(walk.width, Sum{from, walk.rows, walk.width, sums});
    folded(sums, channels, walk.fold);
    for (int64_t c = 0; c < channels; c++) sums[c] /= static_cast<float>(count);
    repeat(sums, channels, walk.fold, middle);
    columns(walk.width, Squares{from, middle, walk.rows, walk.width, spread});
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

struct Normalised {
  const float *x, *scale, *shift;
  float* y;
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

void normalise(const float* x, float* y, int64_t pixels, int64_t channels, const Normalisation& norm) {
  const Walk walk(pixels, channels);
  float* scale = scratch(0, 2 * walk.width);
  float* shift = scale + walk.width;
  repeat(norm.scale, channels, walk.fold, scale);
  repeat(norm.shift, channels, walk.fold, shift);
  for (int64_t r = 0; r < walk.rows; r++)
    columns(walk.width, Normalised{x + r * walk.width, scale, shift, y + r * walk.width, norm.relu});
}

/** The gradient that ReLU lets pass: its output is worked out again, which costs less than reading it. */
template <typename T>
inline T passed(T dy, T x, T scale, T shift, bool relu) {
  return relu ? (normal<T>(x, scale, shift) <= 0 ? T{} : dy) : dy;
}

struct GradientSums {
  const float *dy, *x, *scale, *shift, *mean;
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

void gradientSums(const float* dy, const float* x, int64_t pixels, int64_t channels, const Normalisation& norm,
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
    columns(walk.width, GradientSums{dy + done * channels, x + done * channels, scale, shift, mean, walk.rows,
                                     walk.width, norm.relu, sums, products});
    folded(sums, channels, walk.fold);
    folded(products, channels, walk.fold);
    for (int64_t c = 0; c < channels; c++) {
      sum[c] += sums[c];
      product[c] += products[c];
    }
  }
}

struct Gradient {
  const float *dy, *x;
  float* dx;
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

void gradient(const float* dy, const float* x, float* dx, int64_t pixels, int64_t channels,
              const Normalisation& norm, const float* constant, const float* slope) {
  const Walk walk(pixels, channels);
  const int64_t wide = walk.width;
  float* tables = scratch(0, 5 * wide);
  const float* values[] = {norm.scale, norm.shift, norm.mean, constant, slope};
  for (int i = 0; i < 5; i++) repeat(values[i], channels, walk.fold, tables + i * wide);
  for (int64_t r = 0; r < walk.rows; r++)
    columns(wide, Gradient{dy + r * wide, x + r * wide, dx + r * wide, tables, tables + wide, tables + 2 * wide,
                           tables + 3 * wide, tables + 4 * wide, norm.relu});
}

struct Pool {
  const float *above, *below;
  int64_t channels;
  float* y;
  template <typename T, int W>
  inline void at(int64_t c) const {
    for (int j = 0; j < W; j++) {
      const int64_t i = c + j * lanes<T>();
      const T a = load<T>(above + i), b = load<T>(above + channels + i);
      const T d = load<T>(below + i), e = load<T>(below + channels + i);
      const T over = b > a ? b : a, under = e > d ? e : d;
      store<T>(y + i, under > over ? under : over);
    }
  }
};

void pool(const float* x, float* y, int64_t width, int64_t channels) {
  for (int64_t w = 0; w < width; w++) {
    const float* above = x + 2 * w * channels;
    columns(channels, Pool{above, above + 2 * width * channels, channels, y + w * channels});
  }
}

struct PoolGradient {
  const float *above, *below, *dy;
  int64_t channels;
  float *dxAbove, *dxBelow;
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

void poolGradient(const float* x, const float* dy, float* dx, int64_t width, int64_t channels) {
  const int64_t row = 2 * width * channels;
  for (int64_t w = 0; w < width; w++) {
    const int64_t at = 2 * w * channels;
    columns(channels, PoolGradient{x + at, x + row + at, dy + w * channels, channels, dx + at, dx + row + at});
  }
}

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

/** M neighbouring values of x times V vectors of outputs, over all pixels of a block; added to `tile` [M, V · 8]. */
template <int M, int V>
inline void product(const Packed& p, const float* x, const float* dy, float* tile) {
  Vector sums[M][V];
  for (int m = 0; m < M; m++)
    for (int v = 0; v < V; v++) sums[m][v] = load<Vector>(tile + (m * V + v) * LANES);
  for (int64_t image = 0; image < p.images; image++) {
    for (int64_t row = 0; row < p.rows; row++) {
      const float* left = x + image * p.imageFloats + row * p.rowFloats;
      for (int64_t w = 0; w < p.width; w++) {
        Vector right[V];
        for (int v = 0; v < V; v++) right[v] = load<Vector>(dy + v * LANES);
        for (int m = 0; m < M; m++)
          for (int v = 0; v < V; v++) sums[m][v] += left[m] * right[v];
        left += p.inputs;
        dy += V * LANES;
      }
    }
  }
  for (int m = 0; m < M; m++)
    for (int v = 0; v < V; v++) store<Vector>(tile + (m * V + v) * LANES, sums[m][v]);
}

template <int V>
inline void productOf(int64_t m, const Packed& p, const float* x, const float* dy, float* tile) {
  switch (m) {
    case 1: return product<1, V>(p, x, dy, tile);
    case 2: return product<2, V>(p, x, dy, tile);
    case 3: return product<3, V>(p, x, dy, tile);
    case 4: return product<4, V>(p, x, dy, tile);
    case 5: return product<5, V>(p, x, dy, tile);
    case 6: return product<6, V>(p, x, dy, tile);
    default: return product<12, V>(p, x, dy, tile);
  }
}

/** All tiles of one kernel row and V · 8 outputs from `output` on. */
template <int V>
void kernelRow(const Packed& p, float* kernel, const Convolution& c, int64_t first, int64_t output, bool fresh) {
  constexpr int64_t TALL = V == 1 ? 12 : 6;
  constexpr int64_t WIDTH = V * LANES;
  const int64_t values = 3 * p.inputs, outputs = std::min(WIDTH, c.outputs - output);
  alignas(64) float tile[TALL * WIDTH];
  for (int64_t at = 0; at < values;) {
    const int64_t m = values - at >= TALL ? TALL : std::min<int64_t>(6, values - at);
    float* rows[TALL];
    for (int64_t i = 0; i < m; i++) {
      const int64_t tap = (at + i) / p.inputs, input = first + (at + i) % p.inputs;
      rows[i] = kernel + (tap * c.inputs + input) * c.outputs + output;
    }
    std::memset(tile, 0, sizeof tile);
    if (!fresh)
      for (int64_t i = 0; i < m; i++) std::memcpy(tile + i * WIDTH, rows[i], outputs * sizeof(float));
    productOf<V>(m, p, p.x + at, p.dy, tile);
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
      const int vectors = c.outputs - output > LANES ? 2 : 1;
      const int64_t width = vectors * LANES, some = std::min(width, c.outputs - output);
      // Where these are all outputs, their gradients lie side by side already.
      const bool isBeside = c.outputs == width;
      const float* beside = isBeside ? dy + (firstImage * c.height + firstRow) * c.width * c.outputs : gradients;
      float* packed = gradients;
      for (int64_t n = 0; n < images && !isBeside; n++) {
        const float* pixel = dy + (((firstImage + n) * c.height + firstRow) * c.width) * c.outputs + output;
        for (int64_t i = 0; i < rows * c.width; i++, pixel += c.outputs, packed += width) {
          if (some == width) {
            for (int v = 0; v < vectors; v++) store<Vector>(packed + v * LANES, load<Vector>(pixel + v * LANES));
          } else {
            for (int64_t o = 0; o < width; o++) packed[o] = o < some ? pixel[o] : 0;
          }
        }
      }
      for (int64_t tap = 0; tap < 3; tap++) {
        const Packed p{image + tap * rowFloats, beside, images, rows, c.width, count, rowFloats, imageFloats};
        if (vectors == 2) kernelRow<2>(p, kernel + tap * tapRow, c, first, output, at == from);
        else kernelRow<1>(p, kernel + tap * tapRow, c, first, output, at == from);
      }
      output += width;
    }
  }
}

}  // namespace

extern const Loops GRAFT_LOOPS;
const Loops GRAFT_LOOPS = {moments, normalise,    gradientSums, gradient,
                           pool,    poolGradient, filterBlocks, filterGradient};

}  // namespace graft
