/**
 * Own operations of a training step on the processor, registered with TensorFlow when this library is loaded: where
 * TensorFlow walks over a tensor several times, these do it once or twice. Sums are made in parts that the shapes alone
 * decide, so bits do not depend on the number of threads.
 */
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "adam.h"
#include "loading-pages.h"
#include "loops.h"
#include "tensorflow-c.h"
#include "tensors.h"
#include "threads.h"
#include "winograd.h"

namespace graft {
namespace {

#if defined(__x86_64__)
bool hasAvx2() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
const Loops& loops = hasAvx2() ? avx2Loops : baselineLoops;
const Winograd& winograd = hasAvx2() ? avx2Winograd : baselineWinograd;
const Upsampled& upsampled = hasAvx2() ? avx2Upsampled : baselineUpsampled;
#else
const Loops& loops = baselineLoops;
const Winograd& winograd = baselineWinograd;
const Upsampled& upsampled = baselineUpsampled;
#endif

/** Parts of about this many floats, at most this many: enough for the threads, few enough to be joined for nothing. */
constexpr int64_t PART_FLOATS = 32768, MOST_PARTS = 16;

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

// ---- Batch normalisation with the statistics of the batch, and ReLU behind it where asked for.

struct NormOptions {
  float epsilon = 0;
  unsigned char relu = 0;
};

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

void computeNorm(void* kernel, TF_OpKernelContext* context) {
  const auto& options = *static_cast<NormOptions*>(kernel);
  Call call(context);
  const Tensor x = call.input(0), gamma = call.input(1), beta = call.input(2);
  if (!call.isFine()) return;
  if (x.rank() < 1 || gamma.count() != x.size(x.rank() - 1) || beta.count() != gamma.count()) {
    call.refuse("gamma and beta need one value a channel");
    return;
  }
  const int64_t channels = gamma.count(), pixels = x.count() / std::max<int64_t>(1, channels);
  const Tensor y = call.output(0, sizesOf(x)), meanOut = call.output(1, {channels});
  const Tensor varianceOut = call.output(2, {channels}), inverseOut = call.output(3, {channels});
  if (!call.isFine()) return;

  const Parts parts(pixels, channels);
  std::vector<double> means(parts.count * channels), squares(parts.count * channels);
  inParallel(parts.count, [&](int64_t part) {
    loops.moments(x.data() + parts.from(part) * channels, parts.size(part), channels, &means[part * channels],
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
    loops.normalise(x.data() + at, y.data() + at, parts.size(part), channels, norm);
  });
}

void computeNormGradient(void* kernel, TF_OpKernelContext* context) {
  const auto& options = *static_cast<NormOptions*>(kernel);
  Call call(context);
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
    loops.gradientSums(dy.data() + at, x.data() + at, parts.size(part), channels, norm, &sums[part * channels],
                       &products[part * channels]);
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
    loops.gradient(dy.data() + at, x.data() + at, dx.data() + at, parts.size(part), channels, norm, constant.data(),
                   slope.data());
  });
}

// ---- The largest of 2×2 pixels; height and width are even.

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

void computePool(void*, TF_OpKernelContext* context) {
  Call call(context);
  const Tensor x = call.input(0);
  if (!call.isFine() || !poolable(call, x)) return;
  const int64_t width = x.size(2) / 2, channels = x.size(3), row = width * channels;
  const Tensor y = call.output(0, {x.size(0), x.size(1) / 2, width, channels});
  if (!call.isFine()) return;
  byRows(x, [&](int64_t at) { loops.pool(x.data() + at * 4 * row, y.data() + at * row, width, channels); });
}

void computePoolGradient(void*, TF_OpKernelContext* context) {
  Call call(context);
  const Tensor x = call.input(0), dy = call.input(1);
  if (!call.isFine() || !poolable(call, x)) return;
  if (dy.count() * 4 != x.count()) {
    call.refuse("the gradient does not fit the pooled image");
    return;
  }
  const int64_t width = x.size(2) / 2, channels = x.size(3), row = width * channels;
  const Tensor dx = call.output(0, sizesOf(x));
  if (!call.isFine()) return;
  byRows(x, [&](int64_t at) {
    loops.poolGradient(x.data() + at * 4 * row, dy.data() + at * row, dx.data() + at * 4 * row, width, channels);
  });
}

// ---- The gradient of a 3×3 kernel.

/** Inputs that one task takes care of. */
constexpr int64_t CHUNK = 16;

void computeFilterGradient(void*, TF_OpKernelContext* context) {
  Call call(context);
  const Tensor x = call.input(0), dy = call.input(1);
  if (!call.isFine()) return;
  if (x.rank() != 4 || dy.rank() != 4 || x.size(0) != dy.size(0) || x.size(1) != dy.size(1) ||
      x.size(2) != dy.size(2)) {
    call.refuse("input and gradient of a 3×3 convolution need the same pixels");
    return;
  }
  const Convolution convolution{x.size(0), x.size(1), x.size(2), x.size(3), dy.size(3)};
  const Tensor kernel = call.output(0, {3, 3, convolution.inputs, convolution.outputs});
  if (!call.isFine()) return;
  const int64_t size = kernel.count();
  if (x.count() == 0 || dy.count() == 0) {
    std::fill(kernel.data(), kernel.data() + size, 0.0f);
    return;
  }
  const int64_t chunks = (convolution.inputs + CHUNK - 1) / CHUNK, blocks = loops.filterBlocks(convolution);
  // Where the inputs are too few to keep threads busy, pixels are shared out as well, and their sums added in order.
  const int64_t parts = std::min<int64_t>(blocks, chunks >= 4 ? 1 : 4);
  float* others = parts > 1 ? scratch(3, (parts - 1) * size) : nullptr;
  const auto partOf = [&](int64_t part) { return part == 0 ? kernel.data() : others + (part - 1) * size; };
  inParallel(parts * chunks, [&](int64_t task) {
    const int64_t part = task / chunks, first = task % chunks * CHUNK;
    loops.filterGradient(x.data(), dy.data(), partOf(part), convolution, first,
                         std::min(CHUNK, convolution.inputs - first), blocks * part / parts,
                         blocks * (part + 1) / parts);
  });
  for (int64_t part = 1; part < parts; part++) {
    const float* added = partOf(part);
    for (int64_t i = 0; i < size; i++) kernel.data()[i] += added[i];
  }
}

// ---- A 3×3 convolution, with its bias and ReLU where asked for; and the gradient of its input, which is one, too.

struct ConvolutionOptions {
  unsigned char turned = 0, relu = 0;
};

void* createConvolution(TF_OpKernelConstruction* construction) {
  auto* options = new ConvolutionOptions();
  TF_Status* status = TF_NewStatus();
  TF_OpKernelConstruction_GetAttrBool(construction, "turned", &options->turned, status);
  if (TF_GetCode(status) == TF_OK)
    TF_OpKernelConstruction_GetAttrBool(construction, "relu", &options->relu, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return options;
}

void destroyConvolution(void* options) { delete static_cast<ConvolutionOptions*>(options); }

void computeConvolution(void* kernelOptions, TF_OpKernelContext* context) {
  const auto& options = *static_cast<ConvolutionOptions*>(kernelOptions);
  Call call(context);
  const Tensor x = call.input(0), kernel = call.input(1), bias = call.input(2);
  if (!call.isFine()) return;
  const int inputAxis = options.turned ? 3 : 2;
  if (x.rank() != 4 || kernel.rank() != 4 || kernel.size(0) != 3 || kernel.size(1) != 3 ||
      kernel.size(inputAxis) != x.size(3) || x.size(3) % 8 != 0 || kernel.size(5 - inputAxis) % 8 != 0) {
    call.refuse("a 3×3 convolution needs a kernel for its input, and channels in multiples of 8");
    return;
  }
  const Convolution convolution{x.size(0), x.size(1), x.size(2), x.size(3), kernel.size(5 - inputAxis)};
  if (bias.count() != 0 && bias.count() != convolution.outputs) {
    call.refuse("the bias does not fit the kernel");
    return;
  }
  const Tensor y = call.output(0, {x.size(0), x.size(1), x.size(2), convolution.outputs});
  if (!call.isFine() || y.count() == 0 || x.count() == 0) return;
  float* transformed = scratch(3, 16 * convolution.inputs * convolution.outputs);
  inParallel(winograd.groups(convolution), [&](int64_t group) {
    winograd.transform(kernel.data(), options.turned != 0, transformed, convolution, group);
  });
  const Ending ending{bias.count() == 0 ? nullptr : bias.data(), options.relu != 0};
  inParallel(winograd.blocks(convolution),
             [&](int64_t block) { winograd.convolve(x.data(), transformed, ending, y.data(), convolution, block); });
}

// ---- A 3×3 convolution of what is upsampled to twice the size; `beside` and the bias are added where they are given.

void* createUpsampled(TF_OpKernelConstruction* construction) {
  auto* relu = new unsigned char(0);
  TF_Status* status = TF_NewStatus();
  TF_OpKernelConstruction_GetAttrBool(construction, "relu", relu, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return relu;
}

void destroyUpsampled(void* relu) { delete static_cast<unsigned char*>(relu); }

void computeUpsampled(void* relu, TF_OpKernelContext* context) {
  Call call(context);
  const Tensor x = call.input(0), kernel = call.input(1), beside = call.input(2), bias = call.input(3);
  if (!call.isFine()) return;
  if (x.rank() != 4 || kernel.rank() != 4 || kernel.size(0) != 3 || kernel.size(1) != 3 ||
      kernel.size(2) != x.size(3) || x.size(3) % 8 != 0 || kernel.size(3) % 8 != 0) {
    call.refuse("an upsampled 3×3 convolution needs a kernel for its input, and channels in multiples of 8");
    return;
  }
  const Convolution convolution{x.size(0), x.size(1), x.size(2), x.size(3), kernel.size(3)};
  const int64_t size = 4 * x.size(0) * x.size(1) * x.size(2) * convolution.outputs;
  if ((bias.count() != 0 && bias.count() != convolution.outputs) || (beside.count() != 0 && beside.count() != size)) {
    call.refuse("what is added does not fit the upsampled convolution");
    return;
  }
  const Tensor y = call.output(0, {x.size(0), 2 * x.size(1), 2 * x.size(2), convolution.outputs});
  if (!call.isFine() || size == 0) return;
  float* transformed = scratch(3, 25 * convolution.inputs * convolution.outputs);
  inParallel(upsampled.groups(convolution),
             [&](int64_t group) { upsampled.transform(kernel.data(), transformed, convolution, group); });
  const Ending ending{bias.count() == 0 ? nullptr : bias.data(), *static_cast<unsigned char*>(relu) != 0};
  const float* added = beside.count() == 0 ? nullptr : beside.data();
  inParallel(upsampled.blocks(convolution), [&](int64_t block) {
    upsampled.convolve(x.data(), transformed, added, ending, y.data(), convolution, block);
  });
}

// ---- AdamW; the gradient comes in as many pieces as it likes.

constexpr int ADAM_FIXED_INPUTS = 7;

void computeAdam(void*, TF_OpKernelContext* context) {
  Call call(context);
  const Tensor theta = call.input(0), m = call.input(1), v = call.input(2), rates = call.input(3);
  const Tensor stepSize = call.input(4), epsilon = call.input(5), decay = call.input(6);
  std::vector<Tensor> gradients;
  int64_t covered = 0;
  for (int i = ADAM_FIXED_INPUTS; i < call.inputs(); i++) {
    gradients.push_back(call.input(i));
    if (!call.isFine()) return;
    covered += gradients.back().count();
  }
  if (!call.isFine()) return;
  const int64_t size = theta.count();
  if (covered != size || m.count() != size || v.count() != size || (rates.count() != 0 && rates.count() != size) ||
      stepSize.count() != 1 || epsilon.count() != 1 || decay.count() != 1) {
    call.refuse("parameters, moments and gradients differ in size");
    return;
  }
  const Tensor newTheta = call.outputOver(0, 0, {size}), newM = call.outputOver(1, 1, {size});
  const Tensor newV = call.outputOver(2, 2, {size});
  if (!call.isFine()) return;
  AdamStep step{theta.data(),
                m.data(),
                v.data(),
                nullptr,
                rates.count() == 0 ? nullptr : rates.data(),
                0,
                *stepSize.data(),
                *epsilon.data(),
                *decay.data(),
                newTheta.data(),
                newM.data(),
                newV.data()};
  struct Piece {
    AdamStep step;
    int64_t from, to;
  };
  std::vector<Piece> pieces;
  int64_t at = 0;
  for (const Tensor& gradient : gradients) {
    step.gradient = gradient.data();
    step.gradientFrom = at;
    const int64_t end = at + gradient.count();
    for (int64_t from = at; from < end; from += PART_FLOATS)
      pieces.push_back({step, from, std::min(from + PART_FLOATS, end)});
    at = end;
  }
  inParallel(static_cast<int64_t>(pieces.size()), [&](int64_t i) {
    const Piece& piece = pieces[static_cast<size_t>(i)];
    adamStep(piece.step, piece.from, piece.to);
  });
}

// ---- Registration.

/** The shape of each output is that of the input whose index stands here; −1: not known before it is computed. */
template <int... INPUTS>
void shapesLike(TF_ShapeInferenceContext* context, TF_Status* status) {
  const int inputs[] = {INPUTS...};
  TF_ShapeHandle* shape = TF_NewShapeHandle();
  int output = 0;
  for (const int input : inputs) {
    if (TF_GetCode(status) != TF_OK) break;
    if (input >= 0) {
      TF_ShapeInferenceContextGetInput(context, input, shape, status);
      if (TF_GetCode(status) == TF_OK) TF_ShapeInferenceContextSetOutput(context, output, shape, status);
    }
    output++;
  }
  TF_DeleteShapeHandle(shape);
}

void unknownShapes(TF_ShapeInferenceContext* context, TF_Status* status) {
  TF_ShapeInferenceContextSetUnknownShape(context, status);
}

struct Operation {
  const char* name;
  std::vector<const char*> attributes, inputs, outputs;
  void (*shapes)(TF_ShapeInferenceContext*, TF_Status*);
  void* (*create)(TF_OpKernelConstruction*);
  void (*compute)(void*, TF_OpKernelContext*);
  void (*destroy)(void*);
};

/** @returns what TensorFlow objects to; empty: nothing. */
std::string registerOperation(const Operation& operation) {
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(operation.name);
  for (const char* spec : operation.attributes) TF_OpDefinitionBuilderAddAttr(definition, spec);
  for (const char* spec : operation.inputs) TF_OpDefinitionBuilderAddInput(definition, spec);
  for (const char* spec : operation.outputs) TF_OpDefinitionBuilderAddOutput(definition, spec);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, operation.shapes);
  TF_Status* status = TF_NewStatus();
  TF_RegisterOpDefinition(definition, status);
  if (TF_GetCode(status) == TF_OK) {
    TF_KernelBuilder* kernel =
        TF_NewKernelBuilder(operation.name, "CPU", operation.create, operation.compute, operation.destroy);
    TF_RegisterKernelBuilder(operation.name, kernel, status);
  }
  const std::string problem = TF_GetCode(status) == TF_OK ? "" : TF_Message(status);
  TF_DeleteStatus(status);
  return problem;
}

const std::vector<const char*> NORM = {"epsilon: float", "relu: bool"};

const Operation OPERATIONS[] = {
    {"GraftBatchNorm", NORM, {"x: float", "gamma: float", "beta: float"},
     {"y: float", "mean: float", "variance: float", "inverse: float"}, shapesLike<0, 1, 1, 1>, createNorm, computeNorm,
     destroyNorm},
    {"GraftBatchNormGrad", NORM,
     {"dy: float", "x: float", "gamma: float", "beta: float", "mean: float", "inverse: float"},
     {"dx: float", "d_gamma: float", "d_beta: float"}, shapesLike<1, 2, 2>, createNorm, computeNormGradient,
     destroyNorm},
    {"GraftMaxPool", {}, {"x: float"}, {"y: float"}, unknownShapes, nullptr, computePool, nullptr},
    {"GraftMaxPoolGrad", {}, {"x: float", "dy: float"}, {"dx: float"}, shapesLike<0>, nullptr, computePoolGradient,
     nullptr},
    {"GraftFilterGradient", {}, {"x: float", "dy: float"}, {"kernel: float"}, unknownShapes, nullptr,
     computeFilterGradient, nullptr},
    {"GraftConvolution", {"turned: bool", "relu: bool"}, {"x: float", "kernel: float", "bias: float"}, {"y: float"},
     unknownShapes, createConvolution, computeConvolution, destroyConvolution},
    {"GraftUpsampledConvolution", {"relu: bool"}, {"x: float", "kernel: float", "beside: float", "bias: float"},
     {"y: float"}, unknownShapes, createUpsampled, computeUpsampled, destroyUpsampled},
    {"GraftAdamW", {"N: int >= 1"},
     {"theta: float", "m: float", "v: float", "rates: float", "step_size: float", "epsilon: float", "decay: float",
      "gradients: N * float"},
     {"new_theta: float", "new_m: float", "new_v: float"}, shapesLike<0, 1, 2>, nullptr, computeAdam, nullptr},
};

}  // namespace
}  // namespace graft

// As Node's own header has them (node_api.h), of which nothing else is needed.
extern "C" {
typedef struct napi_env__* napi_env;
typedef struct napi_value__* napi_value;
int napi_throw_error(napi_env, const char* code, const char* message);

__attribute__((visibility("default"))) int32_t node_api_module_get_api_version_v1() { return 8; }

/** Node loads the library as one of its modules; it exports nothing, the operations are TensorFlow's from then on. */
__attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  static bool isRegistered = false;
  if (isRegistered) return exports;
  isRegistered = true;
  for (const graft::Operation& operation : graft::OPERATIONS) {
    const std::string problem = graft::registerOperation(operation);
    if (problem.empty()) continue;
    napi_throw_error(env, nullptr, (std::string(operation.name) + ": " + problem).c_str());
    return nullptr;
  }
  graft::releaseLoadingPages();
  return exports;
}
}
