import CZlib

/// One zlib stream, used again for object after object: setting one up costs more than a small object.
final class Deflater {
  private var stream = z_stream()
  private var buffer = [UInt8](repeating: 0, count: 64 * 1024)

  /// - Throws: `GitError` (`.io`) when zlib has no memory.
  init() throws(GitError) {
    guard lockstep_deflate_begin(&stream) == Z_OK else { throw GitError(.io, "zlib cannot be set up") }
  }

  deinit { deflateEnd(&stream) }

  /// Appends the deflated form of some bytes.
  ///
  /// Quick rather than small: packs are repacked by git's own maintenance.
  /// - Throws: `GitError` (`.unsupported`) for 4 GiB and more, which zlib does not take at once.
  func append(_ bytes: [UInt8], to output: inout [UInt8]) throws(GitError) {
    guard let count = UInt32(exactly: bytes.count) else {
      throw GitError(.unsupported, "an object of \(bytes.count) bytes is too large")
    }
    deflateReset(&stream)
    bytes.withUnsafeBytes { input in
      stream.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
      stream.avail_in = count
      var status = Z_OK
      while status == Z_OK {
        status = buffer.withUnsafeMutableBufferPointer { room in
          stream.next_out = room.baseAddress
          stream.avail_out = UInt32(room.count)
          return deflate(&stream, Z_FINISH)
        }
        output.append(contentsOf: buffer[..<(buffer.count - Int(stream.avail_out))])
      }
    }
  }

  /// The inflated form of one object, whose size is known.
  static func inflate(_ bytes: ArraySlice<UInt8>, size: Int) throws(GitError) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: size)
    let status = bytes.withUnsafeBytes { input in
      result.withUnsafeMutableBytes { output -> Int32 in
        var count = uLongf(output.count)
        return uncompress(
          output.bindMemory(to: UInt8.self).baseAddress, &count, input.bindMemory(to: UInt8.self).baseAddress,
          uLong(input.count))
      }
    }
    guard status == Z_OK else {
      throw GitError(.corrupt, "an object in an unfinished pack cannot be read back")
    }
    return result
  }

  /// The CRC-32 of what an index says of a pack entry.
  static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.withUnsafeBytes { UInt32(crc32(0, $0.bindMemory(to: UInt8.self).baseAddress, UInt32($0.count))) }
  }
}
