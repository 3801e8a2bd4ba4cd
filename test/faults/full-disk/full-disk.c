/*
 * A disk that fills up at a write that is chosen: what is preloaded before libc counts the writes of all processes to
 * regular files beneath GRAFT_DISK, and from write `fills` on there is no space. That write itself still writes half of
 * what it was given, as a real disk may. GRAFT_DISK_COUNTS names a file of two 64-bit numbers: writes so far, `fills`
 * (negative: never).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

struct counts {
  int64_t writes;
  int64_t fills;
};

static struct counts *counts;
static char disk[PATH_MAX];

__attribute__((constructor)) static void begin(void) {
  const char *file = getenv("GRAFT_DISK_COUNTS");
  const char *folder = getenv("GRAFT_DISK");
  if (file == NULL || folder == NULL) return;
  int fd = open(file, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *at = mmap(NULL, sizeof(struct counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (at == MAP_FAILED) return;
  snprintf(disk, sizeof disk, "%s/", folder);
  counts = at;
}

static int is_on_disk(int fd) {
  if (counts == NULL) return 0;
  int before = errno;
  struct stat facts;
  char link[64], path[PATH_MAX];
  int on = 0;
  if (fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode)) {
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length > 0) {
      path[length] = 0;
      on = strncmp(path, disk, strlen(disk)) == 0;
    }
  }
  errno = before;
  return on;
}

/* Bytes of these that there is space for; -1, with errno, where there is none. */
static ssize_t space(int fd, size_t bytes) {
  if (!is_on_disk(fd)) return (ssize_t)bytes;
  int64_t number = __atomic_fetch_add(&counts->writes, 1, __ATOMIC_SEQ_CST);
  int64_t fills = __atomic_load_n(&counts->fills, __ATOMIC_SEQ_CST);
  if (fills < 0 || number < fills) return (ssize_t)bytes;
  if (number == fills && bytes > 1) return (ssize_t)(bytes / 2);
  errno = ENOSPC;
  return -1;
}

/* The next one of this name: libc's own. */
#define LIBC(name, ...) \
  ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))(__VA_ARGS__)

ssize_t write(int fd, const void *data, size_t bytes) {
  ssize_t fit = space(fd, bytes);
  return fit < 0 ? -1 : LIBC(write, fd, data, (size_t)fit);
}

ssize_t pwrite(int fd, const void *data, size_t bytes, off_t at) {
  ssize_t fit = space(fd, bytes);
  return fit < 0 ? -1 : LIBC(pwrite, fd, data, (size_t)fit, at);
}

ssize_t pwrite64(int fd, const void *data, size_t bytes, off64_t at) {
  ssize_t fit = space(fd, bytes);
  return fit < 0 ? -1 : LIBC(pwrite64, fd, data, (size_t)fit, at);
}

/* Of several pieces the first alone, where not all of them fit. */
static int pieces(int fd, const struct iovec *data, int count) {
  size_t bytes = 0;
  for (int i = 0; i < count; i++) bytes += data[i].iov_len;
  ssize_t fit = space(fd, bytes);
  return fit < 0 ? -1 : (size_t)fit == bytes ? count : 1;
}

ssize_t writev(int fd, const struct iovec *data, int count) {
  int fit = pieces(fd, data, count);
  return fit < 0 ? -1 : LIBC(writev, fd, data, fit);
}

ssize_t pwritev(int fd, const struct iovec *data, int count, off_t at) {
  int fit = pieces(fd, data, count);
  return fit < 0 ? -1 : LIBC(pwritev, fd, data, fit, at);
}

ssize_t pwritev64(int fd, const struct iovec *data, int count, off64_t at) {
  int fit = pieces(fd, data, count);
  return fit < 0 ? -1 : LIBC(pwritev64, fd, data, fit, at);
}

int fallocate64(int fd, int mode, off64_t at, off64_t bytes) {
  return space(fd, 1) < 0 ? -1 : LIBC(fallocate64, fd, mode, at, bytes);
}

int posix_fallocate64(int fd, off64_t at, off64_t bytes) {
  return space(fd, 1) < 0 ? ENOSPC : LIBC(posix_fallocate64, fd, at, bytes);
}

ssize_t copy_file_range(int from, off64_t *at, int to, off64_t *where, size_t bytes, unsigned flags) {
  ssize_t fit = space(to, bytes);
  return fit < 0 ? -1 : LIBC(copy_file_range, from, at, to, where, (size_t)fit, flags);
}

ssize_t sendfile64(int to, int from, off64_t *at, size_t bytes) {
  extern ssize_t sendfile64(int, int, off64_t *, size_t);
  ssize_t fit = space(to, bytes);
  return fit < 0 ? -1 : LIBC(sendfile64, to, from, at, (size_t)fit);
}
