// SQLite as Swift sees it, and what Swift cannot express (a destructor that is a number).
#include <sqlite3.h>

/// Binds bytes, which are copied.
static inline int lockstep_sqlite_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, int count) {
  return sqlite3_bind_blob(statement, index, count == 0 ? "" : bytes, count, SQLITE_TRANSIENT);
}
