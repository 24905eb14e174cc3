#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Reading and writing of descriptors, whole.
enum Descriptor {
  /// The longest secret that is read.
  private static let longest = 64 * 1024

  /// A secret that is read from a descriptor; nil where it cannot be read, or is longer than any secret.
  static func readSecret(_ descriptor: Int32) -> [UInt8]? { readAll(descriptor, atMost: longest) }

  /// Everything that can be read from a descriptor; nil where it cannot be read, or is longer than it may be.
  static func readAll(_ descriptor: Int32, atMost limit: Int = .max) -> [UInt8]? {
    var bytes: [UInt8] = []
    // Reserved at once, so that no copy of a secret is left behind by growing.
    bytes.reserveCapacity(longest + 16 * 1024)
    var buffer = [UInt8](repeating: 0, count: 16 * 1024)
    defer { for index in buffer.indices { buffer[index] = 0 } }
    while bytes.count <= limit {
      let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
    }
    errno = EFBIG
    return nil
  }

  /// Writes all bytes; false where that fails.
  static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var offset = 0
    while offset < bytes.count {
      let count = bytes.withUnsafeBytes {
        write(descriptor, $0.baseAddress.map { $0 + offset }, bytes.count - offset)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      offset += count
    }
    return true
  }
}
