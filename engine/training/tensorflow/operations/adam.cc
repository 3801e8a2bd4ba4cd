/** AdamW as optimiser.ts writes it down, in one pass. Compiled without contracted products: the same bits as term by term. */
#include "adam.h"

#include <cmath>

namespace graft {

namespace {
constexpr float BETA1 = 0.9f, BETA2 = 0.999f;
// As optimiser.ts has them: differences of float64, rounded.
constexpr float REST1 = static_cast<float>(1 - 0.9), REST2 = static_cast<float>(1 - 0.999);

template <bool SHARED>
void steps(const AdamStep& s, int64_t from, int64_t to) {
  const float *__restrict theta = s.theta, *__restrict m = s.m, *__restrict v = s.v, *__restrict g = s.gradient;
  float *__restrict newTheta = s.newTheta, *__restrict newM = s.newM, *__restrict newV = s.newV;
  for (int64_t i = from; i < to; i++) {
    const float g_ = g[i - s.gradientFrom];
    const float mean = m[i] * BETA1 + g_ * REST1;
    const float square = v[i] * BETA2 + g_ * g_ * REST2;
    const float change = mean * s.stepSize / (std::sqrt(square) + s.epsilon);
    const float decay = theta[i] * s.decay;
    newM[i] = mean;
    newV[i] = square;
    newTheta[i] = SHARED ? theta[i] - (decay + change) * s.rates[i] : theta[i] - decay - change;
  }
}
}  // namespace

void adamStep(const AdamStep& step, int64_t from, int64_t to) {
  if (step.rates == nullptr) steps<false>(step, from, to);
  else steps<true>(step, from, to);
}

}  // namespace graft
