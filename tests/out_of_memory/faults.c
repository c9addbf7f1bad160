/* Preloaded before the C library: makes chosen allocations of one shared library fail. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static const char *library;
static uintptr_t start, end; /* where its code lies */
static size_t least;         /* bytes of an allocation that counts */
static atomic_long left;     /* allocations until the one that fails; below 1: none */
static atomic_long seen;

static int find(struct dl_phdr_info *info, size_t size, void *unused) {
    if (strstr(info->dlpi_name, library) == NULL) return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X)) continue;
        start = info->dlpi_addr + part->p_vaddr;
        end = start + part->p_memsz;
    }
    return 1;
}

/* From now on the allocation number `which` (from 1) of at least `bytes` by the library `name` fails. Answers whether
   that library is loaded. */
int faults_begin(const char *name, long which, size_t bytes) {
    library = name;
    least = bytes;
    start = end = 0;
    seen = 0;
    left = which;
    dl_iterate_phdr(find, NULL);
    return start != end;
}

/* No more failures. Answers how many allocations there were. */
long faults_end(void) {
    start = end = 0;
    return seen;
}

static int fails(void *caller, size_t size) {
    uintptr_t at = (uintptr_t)caller;
    if (at < start || at >= end || size < least) return 0;
    seen++;
    return atomic_fetch_sub(&left, 1) == 1;
}

#define UNLESS_IT_FAILS(size, result)                 \
    if (fails(__builtin_return_address(0), size)) {   \
        errno = ENOMEM;                               \
        return NULL;                                  \
    }                                                 \
    return result

void *malloc(size_t size) { UNLESS_IT_FAILS(size, __libc_malloc(size)); }
void *calloc(size_t count, size_t size) { UNLESS_IT_FAILS(count * size, __libc_calloc(count, size)); }
void *realloc(void *memory, size_t size) { UNLESS_IT_FAILS(size, __libc_realloc(memory, size)); }
void *aligned_alloc(size_t alignment, size_t size) { UNLESS_IT_FAILS(size, __libc_memalign(alignment, size)); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
    if (fails(__builtin_return_address(0), size)) return ENOMEM;
    *memory = __libc_memalign(alignment, size);
    return *memory == NULL ? ENOMEM : 0;
}
