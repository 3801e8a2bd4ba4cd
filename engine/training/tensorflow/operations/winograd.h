/**
 * 3×3 convolution of stride 1 with zeros around its input, by the minimal filtering F(2×2, 3×3) of Winograd (Lavin & Gray
 * 2016, arXiv 1509.09308): 16 products where the sum as it is written has 36. winograd.cc and upsampled.cc are compiled once
 * for each instruction set, as loops.cc is. Inputs and outputs come in multiples of 8 channels. The filtering subtracts
 * inputs, so what is infinite in one of them is not a number in some of the outputs around it.
 */
#ifndef GRAFT_WINOGRAD_H
#define GRAFT_WINOGRAD_H

#include "loops.h"

namespace graft {

/** What becomes of the sums of each pixel. */
struct Ending {
  /** [outputs]; null: nothing is added. */
  const float* bias;
  bool relu;
};

struct Winograd {
  /** Groups of outputs that a transformed kernel consists of; it has 16 · inputs · outputs floats. */
  int64_t (*groups)(const Convolution&);
  /**
   * One group of the kernel [3, 3, inputs, outputs], transformed; `turned`: of the convolution that gives the gradient of
   * the input, whose kernel is [3, 3, outputs, inputs].
   */
  void (*transform)(const float* kernel, bool turned, float* transformed, const Convolution&, int64_t group);
  /** Blocks of pixels that can be computed each by itself. */
  int64_t (*blocks)(const Convolution&);
  void (*convolve)(const float* x, const float* transformed, const Ending&, float* y, const Convolution&,
                   int64_t block);
};

/**
 * 3×3 convolution of what nearest-neighbour upsampling makes of x: [images, height, width, inputs] → [images, 2 · height,
 * 2 · width, outputs], in 36 products for 16 outputs, where a transposed convolution has 64 and the sum as it is written
 * 144. Here Convolution has the size of x.
 */
struct Upsampled {
  int64_t (*groups)(const Convolution&);
  /** One group of a kernel; transformed it has 25 · inputs · outputs floats. */
  void (*transform)(const float* kernel, float* transformed, const Convolution&, int64_t group);
  int64_t (*blocks)(const Convolution&);
  /** `beside` [like y]: added before the bias; null: nothing is. */
  void (*convolve)(const float* x, const float* transformed, const float* beside, const Ending&, float* y,
                   const Convolution&, int64_t block);
};

/** Gradient of the kernel of a convolution, by the same filtering. */
struct KernelGradient {
  /** Blocks of pixels whose sums can be made each by itself. */
  int64_t (*blocks)(const Convolution&);
  /**
   * [3, 3, inputs, outputs] from blocks [from, to): the part of `count` inputs from `first`, which is a multiple of 32;
   * `count` is one of 16 where all inputs are, else of 8. Written, not added.
   */
  void (*gradient)(const float* x, const float* dy, float* kernel, const Convolution&, int64_t first, int64_t count,
                   int64_t from, int64_t to);
};

/** Gradients of Upsampled, for the same Convolution. */
struct UpsampledGradient {
  /** Groups of inputs that a transformed kernel consists of; it has 9 · inputs · outputs floats. */
  int64_t (*groups)(const Convolution&);
  void (*transform)(const float* kernel, float* transformed, const Convolution&, int64_t group);
  /** Blocks of pixels of x, for both gradients. */
  int64_t (*blocks)(const Convolution&);
  void (*input)(const float* dy, const float* transformed, float* dx, const Convolution&, int64_t block);
  KernelGradient kernel;
};

extern const UpsampledGradient baselineUpsampledGradient;
extern const KernelGradient baselineKernelGradient;
extern const Winograd baselineWinograd;
extern const Upsampled baselineUpsampled;
#if defined(__x86_64__)
extern const UpsampledGradient avx2UpsampledGradient;
extern const UpsampledGradient avx512UpsampledGradient;
extern const KernelGradient avx2KernelGradient;
extern const KernelGradient avx512KernelGradient;
extern const Winograd avx2Winograd;
extern const Upsampled avx2Upsampled;
extern const Winograd avx512Winograd;
extern const Upsampled avx512Upsampled;
#endif

}  // namespace graft

#endif
