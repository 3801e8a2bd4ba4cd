/**
 * Own operations of a training step on the processor, registered with TensorFlow when this library is loaded: where
 * TensorFlow walks over a tensor several times, these do it once or twice. Sums are made in parts that the shapes alone
 * decide, so bits do not depend on the number of threads.
 */
#include <algorithm>
#include <string>
#include <vector>

#include "adam.h"
#include "instructions.h"
#include "loading-pages.h"
#include "tensorflow-c.h"
#include "tensors.h"
#include "threads.h"
#include "walking.h"

namespace graft {
namespace {

const Winograd& winograd = instructions().winograd;
const Upsampled& upsampled = instructions().upsampled;

/** Transforms all groups of a kernel; small ones by itself: waking others would take longer. */
template <typename Task>
void eachGroup(const Tensor& kernel, int64_t groups, const Task& task) {
  if (kernel.count() >= PART_FLOATS) return inParallel(groups, task);
  for (int64_t group = 0; group < groups; group++) task(group);
}

// ---- The gradient of a 3×3 kernel.

/** Sums the gradient of a kernel from blocks of pixels; by `filtered` where that is not null, which needs full vectors. */
void sumKernel(const KernelGradient* filtered, const Tensor& x, const Tensor& dy, const Tensor& kernel,
               const Convolution& c) {
  const int64_t size = kernel.count();
  if (x.count() == 0 || dy.count() == 0) {
    std::fill(kernel.data(), kernel.data() + size, 0.0f);
    return;
  }
  const Loops& loops = instructions().loops;
  const auto gradient = filtered == nullptr ? loops.filterGradient : filtered->gradient;
  const int64_t blocks = filtered == nullptr ? loops.filterBlocks(c) : filtered->blocks(c);
  // Inputs that one task takes care of: what it makes of the outputs is made again by the next.
  const int64_t chunk = filtered == nullptr ? 16 : c.inputs < 256 ? 32 : 64;
  const int64_t chunks = (c.inputs + chunk - 1) / chunk;
  // Where the inputs are too few to keep threads busy, pixels are shared out as well, and their sums added in order.
  const int64_t parts = std::min(blocks, (3 + chunks) / chunks);
  float* others = parts > 1 ? scratch(3, (parts - 1) * size) : nullptr;
  const auto partOf = [&](int64_t part) { return part == 0 ? kernel.data() : others + (part - 1) * size; };
  inParallel(parts * chunks, [&](int64_t task) {
    const int64_t part = task / chunks, first = task % chunks * chunk;
    gradient(x.data(), dy.data(), partOf(part), c, first, std::min(chunk, c.inputs - first), blocks * part / parts,
             blocks * (part + 1) / parts);
  });
  for (int64_t part = 1; part < parts; part++) {
    const float* added = partOf(part);
    for (int64_t i = 0; i < size; i++) kernel.data()[i] += added[i];
  }
}

/** Sums of fewer pixels are as quick as they are written, and gradients near zero keep more of their digits. */
constexpr int64_t FEWEST_FILTERED_PIXELS = 512;

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
  const bool isFull = convolution.inputs % 8 == 0 && convolution.outputs % 8 == 0;
  const bool isFiltered = isFull && x.size(0) * x.size(1) * x.size(2) >= FEWEST_FILTERED_PIXELS;
  sumKernel(isFiltered ? &instructions().kernelGradient : nullptr, x, dy, kernel, convolution);
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
  eachGroup(kernel, winograd.groups(convolution), [&](int64_t group) {
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
  eachGroup(kernel, upsampled.groups(convolution),
            [&](int64_t group) { upsampled.transform(kernel.data(), transformed, convolution, group); });
  const Ending ending{bias.count() == 0 ? nullptr : bias.data(), *static_cast<unsigned char*>(relu) != 0};
  const float* added = beside.count() == 0 ? nullptr : beside.data();
  inParallel(upsampled.blocks(convolution), [&](int64_t block) {
    upsampled.convolve(x.data(), transformed, added, ending, y.data(), convolution, block);
  });
}

/** Of what an upsampled convolution took and gave; refuses what does not fit. */
bool fitsUpsampled(Call& call, const Convolution& c, const Tensor& dy) {
  if (dy.rank() == 4 && dy.size(0) == c.images && dy.size(1) == 2 * c.height && dy.size(2) == 2 * c.width &&
      c.inputs % 8 == 0 && c.outputs % 8 == 0)
    return true;
  return call.refuse("gradients of an upsampled 3×3 convolution need twice the pixels, and channels in multiples of 8");
}

void computeUpsampledInputGradient(void*, TF_OpKernelContext* context) {
  Call call(context);
  const Tensor dy = call.input(0), kernel = call.input(1);
  if (!call.isFine()) return;
  if (dy.rank() != 4 || kernel.rank() != 4 || kernel.size(0) != 3 || kernel.size(1) != 3 ||
      kernel.size(3) != dy.size(3)) {
    call.refuse("the gradient of an upsampled 3×3 convolution needs the kernel of its outputs");
    return;
  }
  const Convolution convolution{dy.size(0), dy.size(1) / 2, dy.size(2) / 2, kernel.size(2), kernel.size(3)};
  if (!fitsUpsampled(call, convolution, dy)) return;
  const Tensor dx =
      call.output(0, {convolution.images, convolution.height, convolution.width, convolution.inputs});
  if (!call.isFine() || dx.count() == 0 || dy.count() == 0) return;
  const UpsampledGradient& gradient = instructions().upsampledGradient;
  float* transformed = scratch(3, 9 * convolution.inputs * convolution.outputs);
  eachGroup(kernel, gradient.groups(convolution),
            [&](int64_t group) { gradient.transform(kernel.data(), transformed, convolution, group); });
  inParallel(gradient.blocks(convolution),
             [&](int64_t block) { gradient.input(dy.data(), transformed, dx.data(), convolution, block); });
}

void computeUpsampledKernelGradient(void*, TF_OpKernelContext* context) {
  Call call(context);
  const Tensor x = call.input(0), dy = call.input(1);
  if (!call.isFine()) return;
  if (x.rank() != 4 || dy.rank() != 4) {
    call.refuse("images are needed");
    return;
  }
  const Convolution convolution{x.size(0), x.size(1), x.size(2), x.size(3), dy.size(3)};
  if (!fitsUpsampled(call, convolution, dy)) return;
  const Tensor kernel = call.output(0, {3, 3, convolution.inputs, convolution.outputs});
  if (!call.isFine()) return;
  sumKernel(&instructions().upsampledGradient.kernel, x, dy, kernel, convolution);
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
  /** The same of what is kept in bfloat16, its type being the attribute T; null: there is none. */
  void (*computeNarrow)(void*, TF_OpKernelContext*) = nullptr;
};

/** `type`: of T; TF_FLOAT where there is no T. */
void registerKernel(const Operation& operation, TF_DataType type, TF_Status* status) {
  const bool isNarrow = type == TF_BFLOAT16;
  TF_KernelBuilder* kernel =
      TF_NewKernelBuilder(operation.name, "CPU", operation.create,
                          isNarrow ? operation.computeNarrow : operation.compute, operation.destroy);
  if (operation.computeNarrow != nullptr) TF_KernelBuilder_TypeConstraint(kernel, "T", type, status);
  const std::string name = std::string(operation.name) + (isNarrow ? "Narrow" : "");
  if (TF_GetCode(status) == TF_OK) TF_RegisterKernelBuilder(name.c_str(), kernel, status);
}

/** @returns what TensorFlow objects to; empty: nothing. */
std::string registerOperation(const Operation& operation) {
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(operation.name);
  if (operation.computeNarrow != nullptr)
    TF_OpDefinitionBuilderAddAttr(definition, "T: {float, bfloat16} = DT_FLOAT");
  for (const char* spec : operation.attributes) TF_OpDefinitionBuilderAddAttr(definition, spec);
  for (const char* spec : operation.inputs) TF_OpDefinitionBuilderAddInput(definition, spec);
  for (const char* spec : operation.outputs) TF_OpDefinitionBuilderAddOutput(definition, spec);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, operation.shapes);
  TF_Status* status = TF_NewStatus();
  TF_RegisterOpDefinition(definition, status);
  if (TF_GetCode(status) == TF_OK) registerKernel(operation, TF_FLOAT, status);
  if (TF_GetCode(status) == TF_OK && operation.computeNarrow != nullptr)
    registerKernel(operation, TF_BFLOAT16, status);
  const std::string problem = TF_GetCode(status) == TF_OK ? "" : TF_Message(status);
  TF_DeleteStatus(status);
  return problem;
}

const std::vector<const char*> NORM = {"epsilon: float", "relu: bool"};

const Operation OPERATIONS[] = {
    {"GraftBatchNorm", NORM, {"x: T", "gamma: float", "beta: float"},
     {"y: T", "mean: float", "variance: float", "inverse: float"}, shapesLike<0, 1, 1, 1>, createNorm,
     computeNorm<float>, destroyNorm, computeNorm<Bfloat16>},
    {"GraftBatchNormGrad", NORM,
     {"dy: T", "x: T", "gamma: float", "beta: float", "mean: float", "inverse: float"},
     {"dx: T", "d_gamma: float", "d_beta: float"}, shapesLike<1, 2, 2>, createNorm, computeNormGradient<float>,
     destroyNorm, computeNormGradient<Bfloat16>},
    {"GraftMaxPool", {}, {"x: T"}, {"y: T"}, unknownShapes, nullptr, computePool<float>, nullptr,
     computePool<Bfloat16>},
    {"GraftMaxPoolGrad", {}, {"x: T", "dy: T"}, {"dx: T"}, shapesLike<0>, nullptr, computePoolGradient<float>,
     nullptr, computePoolGradient<Bfloat16>},
    {"GraftFilterGradient", {}, {"x: float", "dy: float"}, {"kernel: float"}, unknownShapes, nullptr,
     computeFilterGradient, nullptr},
    {"GraftConvolution", {"turned: bool", "relu: bool"}, {"x: float", "kernel: float", "bias: float"}, {"y: float"},
     unknownShapes, createConvolution, computeConvolution, destroyConvolution},
    {"GraftUpsampledConvolution", {"relu: bool"}, {"x: float", "kernel: float", "beside: float", "bias: float"},
     {"y: float"}, unknownShapes, createUpsampled, computeUpsampled, destroyUpsampled},
    {"GraftUpsampledInputGradient", {}, {"dy: float", "kernel: float"}, {"dx: float"}, unknownShapes, nullptr,
     computeUpsampledInputGradient, nullptr},
    {"GraftUpsampledKernelGradient", {}, {"x: float", "dy: float"}, {"kernel: float"}, unknownShapes, nullptr,
     computeUpsampledKernelGradient, nullptr},
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
