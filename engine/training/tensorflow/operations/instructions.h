/** The loops for the instruction set that this process uses: the best that the processor has, unless it is told otherwise. */
#ifndef GRAFT_INSTRUCTIONS_H
#define GRAFT_INSTRUCTIONS_H

#include "loops.h"
#include "winograd.h"

namespace graft {

struct Instructions {
  const Loops& loops;
  const Winograd& winograd;
  const Upsampled& upsampled;
  const KernelGradient& kernelGradient;
  const UpsampledGradient& upsampledGradient;
  /** null: this processor does not walk over bfloat16. */
  const Walks<Bfloat16>* narrowWalks;
};

/**
 * Decided once a process. GRAFT_INSTRUCTIONS=avx2 or baseline keeps to a lower set than the processor has: so tests on one
 * processor hold the code of another.
 */
const Instructions& instructions();

template <typename E>
const Walks<E>* walksFor();
template <>
inline const Walks<float>* walksFor<float>() {
  return &instructions().loops.walks;
}
template <>
inline const Walks<Bfloat16>* walksFor<Bfloat16>() {
  return instructions().narrowWalks;
}

}  // namespace graft

#endif
