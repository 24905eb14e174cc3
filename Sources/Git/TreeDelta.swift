/// The difference between two versions of a tree, as a git delta: what stands before and after the one place
/// that changed is copied, the rest inserted.
///
/// Versions of a tree differ in an entry or two, so this is nearly as small as a searched delta and costs one
/// comparison.
enum TreeDelta {
  /// The delta, or nil where it would not be smaller than half of the target.
  static func make(from base: [UInt8], to target: [UInt8]) -> [UInt8]? {
    let limit = min(base.count, target.count)
    var prefix = 0
    while prefix < limit, base[prefix] == target[prefix] { prefix += 1 }
    var suffix = 0
    while suffix < limit - prefix, base[base.count - 1 - suffix] == target[target.count - 1 - suffix] {
      suffix += 1
    }
    let inserted = target[prefix..<(target.count - suffix)]
    guard inserted.count + 32 < target.count / 2 else { return nil }
    var delta: [UInt8] = []
    appendSize(base.count, to: &delta)
    appendSize(target.count, to: &delta)
    appendCopy(offset: 0, count: prefix, to: &delta)
    var rest = inserted
    while !rest.isEmpty {
      let chunk = rest.prefix(127)
      delta.append(UInt8(chunk.count))
      delta += chunk
      rest = rest.dropFirst(127)
    }
    appendCopy(offset: base.count - suffix, count: suffix, to: &delta)
    return delta
  }

  private static func appendSize(_ size: Int, to delta: inout [UInt8]) {
    var size = size
    while size >= 0x80 {
      delta.append(UInt8(size & 0x7F) | 0x80)
      size >>= 7
    }
    delta.append(UInt8(size))
  }

  private static func appendCopy(offset: Int, count: Int, to delta: inout [UInt8]) {
    var offset = offset
    var count = count
    while count > 0 {
      let chunk = min(count, 0xFF_FFFF)
      var instruction: UInt8 = 0x80
      var arguments: [UInt8] = []
      for index in 0..<4 where (offset >> (8 * index)) & 0xFF != 0 {
        instruction |= 1 << UInt8(index)
        arguments.append(UInt8((offset >> (8 * index)) & 0xFF))
      }
      for index in 0..<3 where (chunk >> (8 * index)) & 0xFF != 0 {
        instruction |= 0x10 << UInt8(index)
        arguments.append(UInt8((chunk >> (8 * index)) & 0xFF))
      }
      delta.append(instruction)
      delta += arguments
      offset += chunk
      count -= chunk
    }
  }
}
