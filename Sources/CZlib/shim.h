// zlib as Swift sees it: initialisers are macros there.
#include <zlib.h>

/// Prepares a stream to deflate quickly: level 1 and the fixed Huffman codes, whose trees need not be made, and a small
/// hash table, which is cleared for every object.
static inline int lockstep_deflate_begin(z_stream *stream) {
  return deflateInit2(stream, 1, Z_DEFLATED, MAX_WBITS, 5, Z_FIXED);
}
