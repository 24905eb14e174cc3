import CSQLite

/// One connection to an SQLite file; one owner, one thread.
final class Database {
  /// How long a lock of another process is waited for.
  private static let patienceMilliseconds: Int32 = 60_000

  private var handle: OpaquePointer?
  private let path: String

  /// Opens the file, which is made where it is missing.
  init(path: String) throws(RegionIndexError) {
    self.path = path
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW
    let status = sqlite3_open_v2(path, &handle, flags, nil)
    guard status == SQLITE_OK else {
      let error = error(status, "open")
      sqlite3_close_v2(handle)
      handle = nil
      throw error
    }
    sqlite3_busy_timeout(handle, Self.patienceMilliseconds)
  }

  deinit { sqlite3_close_v2(handle) }

  /// Runs statements that give nothing back.
  func run(_ sql: String) throws(RegionIndexError) {
    let status = sqlite3_exec(handle, sql, nil, nil, nil)
    guard status == SQLITE_OK else { throw error(status, "use") }
  }

  /// Makes a statement ready.
  func statement(_ sql: String) throws(RegionIndexError) -> Statement {
    var statement: OpaquePointer?
    let status = sqlite3_prepare_v2(handle, sql, -1, &statement, nil)
    guard status == SQLITE_OK, let statement else { throw error(status, "read") }
    return Statement(statement, of: self)
  }

  /// A statement that can be run again and again.
  final class Statement {
    private let handle: OpaquePointer
    private let database: Database

    init(_ handle: OpaquePointer, of database: Database) {
      self.handle = handle
      self.database = database
    }

    deinit { sqlite3_finalize(handle) }

    /// Begins anew with other values.
    func begin(_ number: Int64? = nil, _ bytes: [UInt8]? = nil) {
      sqlite3_reset(handle)
      if let number { sqlite3_bind_int64(handle, 1, number) }
      if let bytes {
        _ = bytes.withUnsafeBytes {
          lockstep_sqlite_bind_blob(handle, number == nil ? 1 : 2, $0.baseAddress, Int32($0.count))
        }
      }
    }

    /// Goes on to the next row; false after the last one.
    func next() throws(RegionIndexError) -> Bool {
      switch sqlite3_step(handle) {
      case SQLITE_ROW: return true
      case SQLITE_DONE:
        sqlite3_reset(handle)
        return false
      case let status:
        let error = database.error(status, "use")
        sqlite3_reset(handle)
        throw error
      }
    }

    /// Lets go of what was begun and not ended.
    func end() { sqlite3_reset(handle) }

    /// Runs to the end.
    func run(_ number: Int64? = nil, _ bytes: [UInt8]? = nil) throws(RegionIndexError) {
      begin(number, bytes)
      while try next() {}
    }

    /// The bytes in the row's first column.
    var bytes: [UInt8] {
      let count = Int(sqlite3_column_bytes(handle, 0))
      return Array(UnsafeRawBufferPointer(start: sqlite3_column_blob(handle, 0), count: count))
    }
  }

  private func error(_ status: Int32, _ what: String) -> RegionIndexError {
    let reason = handle.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(status))
    let message = "cannot \(what) the index \(path): \(reason)"
    switch status & 0xff {
    case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_ERROR, SQLITE_SCHEMA, SQLITE_MISMATCH, SQLITE_CONSTRAINT,
      SQLITE_FORMAT:
      return RegionIndexError(
        .unusable, message, hint: "it only saves time, and is built anew: rm '\(path)'*")
    case SQLITE_BUSY, SQLITE_LOCKED:
      return RegionIndexError(
        .locked, message, hint: "wait for the other process to end, then run this again")
    default: return RegionIndexError(.io, message, hint: "see who owns it, and whether the disk is full")
    }
  }
}
