// libgit2 as Swift sees it, and the few calls that Swift cannot express (variadic functions).
#include <git2.h>

/// Flushes loose objects and refs to disk before they count as written.
static inline int lockstep_enable_fsync(int enabled) {
  return git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, enabled);
}

/// Off: objects are written without looking up what they refer to.
static inline int lockstep_enable_strict_creation(int enabled) {
  return git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, enabled);
}
