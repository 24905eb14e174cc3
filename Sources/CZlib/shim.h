// zlib as Swift sees it: initialisers are macros there.
#include <zlib.h>

/// Prepares a stream to deflate at a level.
static inline int lockstep_deflate_begin(z_stream *stream, int level) { return deflateInit(stream, level); }
