/** Normalisation and pooling as TensorFlow calls them; `E`: what images are kept in, float or Bfloat16. */
#ifndef GRAFT_WALKING_H
#define GRAFT_WALKING_H

#include "tensorflow-c.h"

namespace graft {

void* createNorm(TF_OpKernelConstruction*);
void destroyNorm(void*);

/** Batch normalisation with the statistics of the batch, and ReLU behind it where asked for. */
template <typename E>
void computeNorm(void* options, TF_OpKernelContext*);
template <typename E>
void computeNormGradient(void* options, TF_OpKernelContext*);

/** The largest of 2×2 pixels; height and width are even. */
template <typename E>
void computePool(void*, TF_OpKernelContext*);
template <typename E>
void computePoolGradient(void*, TF_OpKernelContext*);

}  // namespace graft

#endif
