#ifndef GRAFT_ADAM_H
#define GRAFT_ADAM_H

#include <cstdint>

namespace graft {

/** All vectors [parameters], but for a gradient that begins at parameter `gradientFrom`. `rates`: null for 1. */
struct AdamStep {
  const float *theta, *m, *v, *gradient, *rates;
  int64_t gradientFrom;
  float stepSize, epsilon, decay;
  float *newTheta, *newM, *newV;
};

/** Parameters [from, to). */
void adamStep(const AdamStep&, int64_t from, int64_t to);

}  // namespace graft

#endif
