import Synchronization

/// A progress line on a watched terminal; nothing anywhere else.
final class ProgressLine: Sendable {
  private let isShown: Bool
  private let last = Mutex<String>("")

  init() { isShown = Terminal.isWatched }

  /// Shows how far a copy has come.
  func bytes(_ done: Int64, of total: Int64, what: String) {
    guard isShown else { return }
    let percent = total == 0 ? 100 : done * 100 / total
    show("\(what): \(percent) % of \(ByteCount.text(total))")
  }

  /// Shows which step was made.
  func step(_ number: Int, of count: Int, what: String) {
    guard isShown else { return }
    show("\(number)/\(count) \(what)")
  }

  /// Takes the line away.
  func end() {
    guard isShown, last.withLock({ !$0.isEmpty }) else { return }
    Terminal.progress("")
  }

  private func show(_ line: String) {
    let isNew = last.withLock { last in
      defer { last = line }
      return last != line
    }
    if isNew { Terminal.progress(line) }
  }
}

/// Sizes for people.
enum ByteCount {
  /// `1.5 MB`, in powers of ten.
  static func text(_ bytes: Int64) -> String {
    var value = Double(bytes)
    for unit in ["bytes", "kB", "MB", "GB", "TB"] {
      if value < 1000 || unit == "TB" {
        return unit == "bytes"
          ? "\(bytes) byte\(bytes == 1 ? "" : "s")" : "\((value * 10).rounded() / 10) \(unit)"
      }
      value /= 1000
    }
    return "\(bytes) bytes"
  }
}
