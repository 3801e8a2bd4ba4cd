/** Work shared among the threads that TensorFlow may use within one operation (TF_NUM_INTRAOP_THREADS). */
#ifndef GRAFT_THREADS_H
#define GRAFT_THREADS_H

#include <cstdint>
#include <functional>

namespace graft {

/**
 * Calls task(0) … task(tasks − 1), each once, in any order and on any thread, and returns when all are done. Which sums
 * a task makes must not depend on the threads: then neither do the bits.
 */
void inParallel(int64_t tasks, const std::function<void(int64_t)>& task);

/** A task that only walks over memory takes about this many floats. */
constexpr int64_t PART_FLOATS = 32768;

/** Memory of the calling thread that the next call of it may give out again: at least `floats`, on a cache line. */
float* scratch(int slot, int64_t floats);

}  // namespace graft

#endif
