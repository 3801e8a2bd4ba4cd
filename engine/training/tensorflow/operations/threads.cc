#include "threads.h"

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <thread>

namespace graft {
namespace {

/**
 * Helpers sleep between the operations: TensorFlow's own threads want the processor then. Each thread begins with tasks that
 * lie side by side, the same share of every operation, so that it finds what it wrote in its own cache; then it takes what
 * the others have left.
 */
class Pool {
 public:
  explicit Pool(int helpers) : helpers_(helpers), shares_(new Share[helpers + 1]) {
    for (int i = 1; i <= helpers; i++) std::thread([this, i] { help(i); }).detach();
  }

  void run(int64_t tasks, const std::function<void(int64_t)>& task) {
    // One at a time: whoever comes while the helpers are busy works alone.
    std::unique_lock<std::mutex> turn(turn_, std::try_to_lock);
    if (tasks <= 1 || helpers_ == 0 || !turn.owns_lock()) {
      for (int64_t i = 0; i < tasks; i++) task(i);
      return;
    }
    {
      std::lock_guard<std::mutex> lock(mutex_);
      task_ = &task;
      const int threads = helpers_ + 1;
      for (int i = 0; i < threads; i++) {
        shares_[i].next = tasks * i / threads;
        shares_[i].end = tasks * (i + 1) / threads;
      }
      busy_ = helpers_;
      round_++;
    }
    wake_.notify_all();
    work(task, 0);
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, [this] { return busy_ == 0; });
  }

 private:
  /** On a cache line of its own. */
  struct alignas(64) Share {
    std::atomic<int64_t> next{0};
    int64_t end = 0;
  };

  void work(const std::function<void(int64_t)>& task, int own) {
    for (int k = 0; k <= helpers_; k++) {
      Share& share = shares_[(own + k) % (helpers_ + 1)];
      for (int64_t i = share.next++; i < share.end; i = share.next++) task(i);
    }
  }

  void help(int own) {
    uint64_t seen = 0;
    for (;;) {
      const std::function<void(int64_t)>* task;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        wake_.wait(lock, [&] { return round_ != seen; });
        seen = round_;
        task = task_;
      }
      work(*task, own);
      std::lock_guard<std::mutex> lock(mutex_);
      if (--busy_ == 0) done_.notify_one();
    }
  }

  std::mutex turn_, mutex_;
  std::condition_variable wake_, done_;
  const int helpers_;
  const std::unique_ptr<Share[]> shares_;
  const std::function<void(int64_t)>* task_ = nullptr;
  int busy_ = 0;
  uint64_t round_ = 0;
};

int threadsWanted() {
  const char* value = std::getenv("TF_NUM_INTRAOP_THREADS");
  const int wanted = value == nullptr ? 0 : std::atoi(value);
  if (wanted > 0) return wanted;
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  return cores > 0 ? cores : 1;
}

struct Buffer {
  float* data = nullptr;
  int64_t floats = 0;
  ~Buffer() { std::free(data); }
};

}  // namespace

void inParallel(int64_t tasks, const std::function<void(int64_t)>& task) {
  // Never destroyed: its threads live as long as the process.
  static Pool* pool = new Pool(threadsWanted() - 1);
  pool->run(tasks, task);
}

float* scratch(int slot, int64_t floats) {
  thread_local Buffer buffers[5];
  Buffer& buffer = buffers[slot];
  if (buffer.floats < floats) {
    std::free(buffer.data);
    const size_t bytes = (static_cast<size_t>(floats) * sizeof(float) + 63) / 64 * 64;
    buffer.data = static_cast<float*>(std::aligned_alloc(64, bytes));
    if (buffer.data == nullptr) std::abort();
    buffer.floats = floats;
  }
  return buffer.data;
}

}  // namespace graft
