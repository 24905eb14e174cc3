#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Overwrites a secret that is no longer needed.
///
/// A best effort: other copies that the language or a library made are out of reach.
@inline(never)
package func wipe(_ bytes: inout [UInt8]) {
  bytes.withUnsafeMutableBytes { buffer in
    guard let start = buffer.baseAddress, !buffer.isEmpty else { return }
    // Calls that the optimiser must not drop, unlike a loop over memory that nobody reads again.
    #if canImport(Glibc)
      explicit_bzero(start, buffer.count)
    #else
      _ = memset_s(start, buffer.count, 0, buffer.count)
    #endif
  }
}

/// Overwrites a secret that is held in a type of the cryptographic library.
@inline(never)
package func wipe(_ bytes: inout some MutableCollection<UInt8>) {
  for index in bytes.indices { bytes[index] = 0 }
}

/// Bytes from the system's random generator.
func randomBytes(_ count: Int) -> [UInt8] {
  var generator = SystemRandomNumberGenerator()
  return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
}
