#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The environment, which only this room reads.
enum Environment {
  /// A variable that is set and not empty.
  static func value(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }
}
