/**
 * The inner loops of the own operations: walks over tensors, and the gradient of a kernel. loops.cc is compiled once for
 * each instruction set in the list below, and the best one that the processor has is taken (instructions.h). All arrays are row-major, channels last.
 */
#ifndef GRAFT_LOOPS_H
#define GRAFT_LOOPS_H

#include <cstdint>

namespace graft {

/** One 3×3 convolution of stride 1 with zeros around its input: x [images, height, width, inputs] → [… , outputs]. */
struct Convolution {
  int64_t images, height, width, inputs, outputs;
};

/** Batch normalisation at training, in the form x · scale + shift; all [channels]. */
struct Normalisation {
  const float* scale;
  const float* shift;
  const float* mean;
  bool relu;
};

/** Bits of the upper half of a float32: as far, and half as fine. */
struct Bfloat16 {
  uint16_t bits;
};

/** Walks over tensors whose numbers are kept as `E`. */
template <typename E>
struct Walks {
  /** Mean of each channel, and the sum of squared distances from it, of `pixels` pixels. */
  void (*moments)(const E* x, int64_t pixels, int64_t channels, double* mean, double* squares);
  void (*normalise)(const E* x, E* y, int64_t pixels, int64_t channels, const Normalisation&);
  /** Σ g and Σ g · (x − mean) of each channel, where g is dy, 0 where ReLU had cut off. */
  void (*gradientSums)(const E* dy, const E* x, int64_t pixels, int64_t channels,
                       const Normalisation&, double* sum, double* product);
  /** dx = scale · (g − constant − slope · (x − mean)); dx may be dy. */
  void (*gradient)(const E* dy, const E* x, E* dx, int64_t pixels, int64_t channels,
                   const Normalisation&, const float* constant, const float* slope);
  /** Largest of 2×2 pixels, not a number where one of them is none: two rows of 2·width pixels → one of width. */
  void (*pool)(const E* x, E* y, int64_t width, int64_t channels);
  /** Its gradient: goes to the first of the largest. `dx`: two rows, all of them written. */
  void (*poolGradient)(const E* x, const E* dy, E* dx, int64_t width, int64_t channels);
};

struct Loops {
  Walks<float> walks;
  /** Pixels that one block of filterGradient sums, in rows or whole images: sums are made block by block. */
  int64_t (*filterBlocks)(const Convolution&);
  /**
   * Gradient of the kernel [3, 3, inputs, outputs] from blocks [from, to) of pixels: the part of `count` inputs from
   * `first`. Written, not added.
   */
  void (*filterGradient)(const float* x, const float* dy, float* kernel, const Convolution&, int64_t first,
                         int64_t count, int64_t from, int64_t to);
};

extern const Loops baselineLoops;
#if defined(__x86_64__)
extern const Loops avx2Loops;
extern const Loops avx512Loops;
/** For processors with AVX-512 (F, VL, BW, DQ), as avx512Loops is. */
extern const Walks<Bfloat16> bfloat16Walks;
#endif

}  // namespace graft

#endif
