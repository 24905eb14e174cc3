// System calls that Swift does not see.
#include <errno.h>
#if defined(__linux__)
#include <linux/fs.h>
#include <sys/ioctl.h>

// Declared here because the C library shows them to GNU sources only.
extern int renameat2(int, const char *, int, const char *, unsigned int);
extern int syncfs(int);

/// Gives two names each other's file or folder in one step.
static inline int lockstep_exchange(int a_folder, const char *a, int b_folder, const char *b) {
  return renameat2(a_folder, a, b_folder, b, 2 /* RENAME_EXCHANGE */);
}

/// Makes everything durable that was written to a descriptor's file system.
static inline int lockstep_flush(int descriptor) { return syncfs(descriptor); }

/// Makes an empty file share the blocks of another one, where the file system can.
static inline int lockstep_clone(int target, int source) { return ioctl(target, FICLONE, source); }
#else
#include <stdio.h>
#include <unistd.h>

static inline int lockstep_exchange(int a_folder, const char *a, int b_folder, const char *b) {
  return renameatx_np(a_folder, a, b_folder, b, RENAME_SWAP);
}

static inline int lockstep_flush(int descriptor) {
  (void)descriptor;
  sync();
  return 0;
}

static inline int lockstep_clone(int target, int source) {
  (void)target;
  (void)source;
  errno = ENOTSUP;
  return -1;
}
#endif

#if defined(__GLIBC__)
#include <malloc.h>
#endif

/// Has freed memory go back to the system: few heaps, and large pieces by themselves. For work whose pieces come and go by
/// the thousand; elsewhere the system's own rules hold.
static inline void lockstep_return_memory(void) {
#if defined(__GLIBC__)
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
#endif
}
