#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Text that passes between Swift and the C library.
enum SystemText {
  /// The system's words for an error number.
  static func error(_ number: Int32) -> String { String(cString: strerror(number)) }

  /// Lends strings as a C array that ends in nil.
  static func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let pointers = strings.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers + [nil])
  }
}
