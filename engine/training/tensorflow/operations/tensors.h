/** Inputs and outputs of an operation while it computes; the first thing that goes wrong is told to TensorFlow. */
#ifndef GRAFT_TENSORS_H
#define GRAFT_TENSORS_H

#include <initializer_list>
#include <vector>

#include "loops.h"
#include "tensorflow-c.h"

namespace graft {

template <typename E>
constexpr TF_DataType typeOf();
template <>
constexpr TF_DataType typeOf<float>() {
  return TF_FLOAT;
}
template <>
constexpr TF_DataType typeOf<Bfloat16>() {
  return TF_BFLOAT16;
}

struct Tensor {
  TF_Tensor* handle = nullptr;
  template <typename E>
  E* values() const {
    return static_cast<E*>(TF_TensorData(handle));
  }
  float* data() const { return values<float>(); }
  int rank() const { return TF_NumDims(handle); }
  int64_t size(int axis) const { return TF_Dim(handle, axis); }
  int64_t count() const { return TF_TensorElementCount(handle); }
};

class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context), status_(TF_NewStatus()) {}
  ~Call() {
    for (TF_Tensor* tensor : held_) TF_DeleteTensor(tensor);
    TF_DeleteStatus(status_);
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  int inputs() const { return TF_NumInputs(context_); }

  Tensor input(int index) {
    Tensor tensor;
    TF_GetInput(context_, index, &tensor.handle, status_);
    return held(tensor);
  }

  template <typename E = float>
  Tensor output(int index, const std::vector<int64_t>& sizes) {
    int64_t count = 1;
    for (int64_t size : sizes) count *= size;
    return held({TF_AllocateOutput(context_, index, typeOf<E>(), sizes.data(), static_cast<int>(sizes.size()),
                                   static_cast<size_t>(count) * sizeof(E), status_)});
  }

  /** In the memory of an input, where nobody else needs that. */
  Tensor outputOver(int index, int input, const std::vector<int64_t>& sizes) {
    int forwarded = -1;
    return held({TF_ForwardInputOrAllocateOutput(context_, &input, 1, index, sizes.data(),
                                                 static_cast<int>(sizes.size()), &forwarded, status_)});
  }

  /** Whether all is well; else TensorFlow knows. */
  bool isFine() {
    if (TF_GetCode(status_) == TF_OK) return true;
    TF_OpKernelContext_Failure(context_, status_);
    return false;
  }

  bool refuse(const char* message) {
    TF_SetStatus(status_, TF_INVALID_ARGUMENT, message);
    TF_OpKernelContext_Failure(context_, status_);
    return false;
  }

 private:
  Tensor held(Tensor tensor) {
    if (tensor.handle != nullptr) held_.push_back(tensor.handle);
    return tensor;
  }

  TF_OpKernelContext* context_;
  TF_Status* status_;
  std::vector<TF_Tensor*> held_;
};

inline std::vector<int64_t> sizesOf(const Tensor& tensor) {
  std::vector<int64_t> sizes;
  for (int axis = 0; axis < tensor.rank(); axis++) sizes.push_back(tensor.size(axis));
  return sizes;
}

}  // namespace graft

#endif
