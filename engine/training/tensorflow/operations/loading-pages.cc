/** See loading-pages.h. */
#include "loading-pages.h"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>

namespace graft {
namespace {

int releasePagesOf(dl_phdr_info* library, size_t, void*) {
  if (std::strstr(library->dlpi_name, "libtensorflow") == nullptr) return 0;
  const uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < library->dlpi_phnum; i++) {
    const ElfW(Phdr)& part = library->dlpi_phdr[i];
    // What is writable holds addresses that loading filled in, also where it is locked afterwards (RELRO).
    if (part.p_type != PT_LOAD || (part.p_flags & PF_W) != 0) continue;
    const uintptr_t start = library->dlpi_addr + part.p_vaddr;
    // Whole pages of this part alone: the last may hold the beginning of the next part.
    const uintptr_t from = (start + page - 1) / page * page, to = (start + part.p_memsz) / page * page;
    if (from < to) madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void releaseLoadingPages() { dl_iterate_phdr(releasePagesOf, nullptr); }

}  // namespace graft
