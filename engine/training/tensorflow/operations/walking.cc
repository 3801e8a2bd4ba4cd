/** Normalisation and pooling as TensorFlow calls them: which part of a tensor is walked when. */
#include "walking.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "instructions.h"
#include "tensors.h"
#include "threads.h"

namespace graft {
namespace {

/** Enough for the threads, few enough to be joined for nothing. */
constexpr int64_t MOST_PARTS = 16;

struct Parts {
  int64_t count, each, all;
  Parts(int64_t pixels, int64_t channels) : all(pixels) {
    count = std::clamp<int64_t>(pixels * channels / PART_FLOATS, 1, std::min(MOST_PARTS, std::max<int64_t>(1, pixels)));
    // A multiple of 32 pixels: few channels are walked as rows of 32 floats.
    each = ((pixels + count - 1) / count + 31) / 32 * 32;
    count = std::max<int64_t>(1, (pixels + each - 1) / each);
  }
  int64_t from(int64_t part) const { return part * each; }
  int64_t size(int64_t part) const { return std::min(each, all - part * each); }
};

template <typename E>
const Walks<E>* walksOr(Call& call) {
  const Walks<E>* walks = walksFor<E>();
  if (walks == nullptr) call.refuse("this processor does not compute in bfloat16; choose float32");
  return walks;
}

// ---- Batch normalisation with the statistics of the batch, and ReLU behind it where asked for.

struct NormOptions {
  float epsilon = 0;
  unsigned char relu = 0;
};

struct Affine {
  std::vector<float> scale, shift;
  Affine(const float* gamma, const float* beta, const float* mean, const float* inverse, int64_t channels)
      : scale(channels), shift(channels) {
    for (int64_t c = 0; c < channels; c++) {
      scale[c] = gamma[c] * inverse[c];
      shift[c] = beta[c] - mean[c] * scale[c];
    }
  }
};

}  // namespace

void* createNorm(TF_OpKernelConstruction* construction) {
  auto* options = new NormOptions();
  TF_Status* status = TF_NewStatus();
  TF_OpKernelConstruction_GetAttrFloat(construction, "epsilon", &options->epsilon, status);
  if (TF_GetCode(status) == TF_OK)
    TF_OpKernelConstruction_GetAttrBool(construction, "relu", &options->relu, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return options;
}

void destroyNorm(void* options) { delete static_cast<NormOptions*>(options); }

template <typename E>
void computeNorm(void* kernel, TF_OpKernelContext* context) {
  const auto& options = *static_cast<NormOptions*>(kernel);
  Call call(context);
  const Walks<E>* walks = walksOr<E>(call);
  if (walks == nullptr) return;
  const Tensor x = call.input(0), gamma = call.input(1), beta = call.input(2);
  if (!call.isFine()) return;
  if (x.rank() < 1 || gamma.count() != x.size(x.rank() - 1) || beta.count() != gamma.count()) {
    call.refuse("gamma and beta need one value a channel");
    return;
  }
  const int64_t channels = gamma.count(), pixels = x.count() / std::max<int64_t>(1, channels);
  const Tensor y = call.output<E>(0, sizesOf(x)), meanOut = call.output(1, {channels});
  const Tensor varianceOut = call.output(2, {channels}), inverseOut = call.output(3, {channels});
  if (!call.isFine()) return;

  const Parts parts(pixels, channels);
  std::vector<double> means(parts.count * channels), squares(parts.count * channels);
  inParallel(parts.count, [&](int64_t part) {
    walks->moments(x.values<E>() + parts.from(part) * channels, parts.size(part), channels, &means[part * channels],
                   &squares[part * channels]);
  });
  for (int64_t part = 1, done = parts.size(0); part < parts.count; done += parts.size(part), part++) {
    const double share = static_cast<double>(parts.size(part)) / static_cast<double>(done + parts.size(part));
    for (int64_t c = 0; c < channels; c++) {
      const double apart = means[part * channels + c] - means[c];
      means[c] += apart * share;
      squares[c] += squares[part * channels + c] + apart * apart * share * static_cast<double>(done);
    }
  }
  for (int64_t c = 0; c < channels; c++) {
    const double variance = squares[c] / static_cast<double>(std::max<int64_t>(1, pixels));
    meanOut.data()[c] = static_cast<float>(means[c]);
    varianceOut.data()[c] = static_cast<float>(squares[c] / static_cast<double>(std::max<int64_t>(1, pixels - 1)));
    inverseOut.data()[c] = static_cast<float>(1 / std::sqrt(variance + options.epsilon));
  }
  const Affine affine(gamma.data(), beta.data(), meanOut.data(), inverseOut.data(), channels);
  const Normalisation norm{affine.scale.data(), affine.shift.data(), meanOut.data(), options.relu != 0};
  inParallel(parts.count, [&](int64_t part) {
    const int64_t at = parts.from(part) * channels;
    walks->normalise(x.values<E>() + at, y.values<E>() + at, parts.size(part), channels, norm);
  });
}

template <typename E>
void computeNormGradient(void* kernel, TF_OpKernelContext* context) {
  const auto& options = *static_cast<NormOptions*>(kernel);
  Call call(context);
  const Walks<E>* walks = walksOr<E>(call);
  if (walks == nullptr) return;
  const Tensor dy = call.input(0), x = call.input(1), gamma = call.input(2), beta = call.input(3);
  const Tensor mean = call.input(4), inverse = call.input(5);
  if (!call.isFine()) return;
  const int64_t channels = gamma.count(), pixels = x.count() / std::max<int64_t>(1, channels);
  if (dy.count() != x.count() || x.rank() < 1 || x.size(x.rank() - 1) != channels || beta.count() != channels ||
      mean.count() != channels || inverse.count() != channels) {
    call.refuse("tensors of a normalisation do not fit each other");
    return;
  }
  const Tensor dx = call.outputOver(0, 0, sizesOf(x));
  const Tensor dGamma = call.output(1, {channels}), dBeta = call.output(2, {channels});
  if (!call.isFine()) return;

  const Affine affine(gamma.data(), beta.data(), mean.data(), inverse.data(), channels);
  const Normalisation norm{affine.scale.data(), affine.shift.data(), mean.data(), options.relu != 0};
  const Parts parts(pixels, channels);
  std::vector<double> sums(parts.count * channels), products(parts.count * channels);
  inParallel(parts.count, [&](int64_t part) {
    const int64_t at = parts.from(part) * channels;
    walks->gradientSums(dy.values<E>() + at, x.values<E>() + at, parts.size(part), channels, norm,
                        &sums[part * channels], &products[part * channels]);
  });
  std::vector<float> constant(channels), slope(channels);
  for (int64_t c = 0; c < channels; c++) {
    for (int64_t part = 1; part < parts.count; part++) {
      sums[c] += sums[part * channels + c];
      products[c] += products[part * channels + c];
    }
    const double each = 1 / static_cast<double>(std::max<int64_t>(1, pixels)), i = inverse.data()[c];
    constant[c] = static_cast<float>(sums[c] * each);
    slope[c] = static_cast<float>(products[c] * each * i * i);
    dGamma.data()[c] = static_cast<float>(products[c] * i);
    dBeta.data()[c] = static_cast<float>(sums[c]);
  }
  inParallel(parts.count, [&](int64_t part) {
    const int64_t at = parts.from(part) * channels;
    walks->gradient(dy.values<E>() + at, x.values<E>() + at, dx.values<E>() + at, parts.size(part), channels, norm,
                    constant.data(), slope.data());
  });
}

// ---- The largest of 2×2 pixels; height and width are even.

namespace {

bool poolable(Call& call, const Tensor& x) {
  if (x.rank() == 4 && x.size(1) % 2 == 0 && x.size(2) % 2 == 0) return true;
  return call.refuse("pooling needs an even height and width");
}

/** Rows of the result in parts. */
template <typename Task>
void byRows(const Tensor& x, Task task) {
  const int64_t rows = x.size(0) * x.size(1) / 2, parts = std::min<int64_t>(MOST_PARTS, std::max<int64_t>(1, rows));
  inParallel(x.count() < PART_FLOATS ? 1 : parts, [&](int64_t part) {
    const int64_t all = x.count() < PART_FLOATS ? 1 : parts;
    for (int64_t row = rows * part / all; row < rows * (part + 1) / all; row++) task(row);
  });
}

}  // namespace

template <typename E>
void computePool(void*, TF_OpKernelContext* context) {
  Call call(context);
  const Walks<E>* walks = walksOr<E>(call);
  if (walks == nullptr) return;
  const Tensor x = call.input(0);
  if (!call.isFine() || !poolable(call, x)) return;
  const int64_t width = x.size(2) / 2, channels = x.size(3), row = width * channels;
  const Tensor y = call.output<E>(0, {x.size(0), x.size(1) / 2, width, channels});
  if (!call.isFine()) return;
  byRows(x, [&](int64_t at) { walks->pool(x.values<E>() + at * 4 * row, y.values<E>() + at * row, width, channels); });
}

template <typename E>
void computePoolGradient(void*, TF_OpKernelContext* context) {
  Call call(context);
  const Walks<E>* walks = walksOr<E>(call);
  if (walks == nullptr) return;
  const Tensor x = call.input(0), dy = call.input(1);
  if (!call.isFine() || !poolable(call, x)) return;
  if (dy.count() * 4 != x.count()) {
    call.refuse("the gradient does not fit the pooled image");
    return;
  }
  const int64_t width = x.size(2) / 2, channels = x.size(3), row = width * channels;
  const Tensor dx = call.output<E>(0, sizesOf(x));
  if (!call.isFine()) return;
  byRows(x, [&](int64_t at) {
    walks->poolGradient(x.values<E>() + at * 4 * row, dy.values<E>() + at * row, dx.values<E>() + at * 4 * row, width,
                        channels);
  });
}

template void computeNorm<float>(void*, TF_OpKernelContext*);
template void computeNorm<Bfloat16>(void*, TF_OpKernelContext*);
template void computeNormGradient<float>(void*, TF_OpKernelContext*);
template void computeNormGradient<Bfloat16>(void*, TF_OpKernelContext*);
template void computePool<float>(void*, TF_OpKernelContext*);
template void computePool<Bfloat16>(void*, TF_OpKernelContext*);
template void computePoolGradient<float>(void*, TF_OpKernelContext*);
template void computePoolGradient<Bfloat16>(void*, TF_OpKernelContext*);

}  // namespace graft
