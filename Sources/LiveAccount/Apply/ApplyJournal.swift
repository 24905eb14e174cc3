package import Git
package import MediaResources
package import RegionRepository

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What an apply set out to do and how far it came, beside the repository; gone once the apply is complete.
///
/// Lines of text, each flushed before what it announces: `begin KIND/NAME` before a resource is changed, `done KIND/NAME`
/// after. The plan itself is derived again from the two commits; a crash leaves changes that began, for which the next
/// run looks at the account itself.
package final class ApplyJournal {
  /// The commit that the account matched when the apply began.
  package let live: ObjectID
  /// The commit that is being applied.
  package let planned: ObjectID
  /// The guards that were overridden.
  package let forced: [String]
  /// Resources whose change was begun, by this apply or one that it took the place of.
  package let begun: Set<ResourceID>
  /// Resources whose change to the planned commit is complete.
  package let done: Set<ResourceID>

  private static let magic = "lockstep-apply-2"

  private let path: String
  private let descriptor: Int32

  private init(
    path: String, descriptor: Int32, live: ObjectID, planned: ObjectID, forced: [String],
    begun: Set<ResourceID>, done: Set<ResourceID>
  ) {
    self.path = path
    self.descriptor = descriptor
    self.live = live
    self.planned = planned
    self.forced = forced
    self.begun = begun
    self.done = done
  }

  deinit { close(descriptor) }

  private static func path(of region: RegionRepository) throws -> String {
    try region.stateFolder() + "/apply"
  }

  /// Whether an apply was left half done.
  package static func isOpen(for region: RegionRepository) throws -> Bool {
    isOpen(inStateFolder: try region.stateFolder())
  }

  /// Whether an apply was left half done, by the folder with the region's journals.
  package static func isOpen(inStateFolder folder: String) -> Bool { FilePaths.exists(folder + "/apply") }

  /// Begins a journal, in the place of one that was left.
  /// - Parameter begun: what the one before had begun to change.
  package static func begin(
    for region: RegionRepository, live: ObjectID, planned: ObjectID, forced: [String], begun: Set<ResourceID>
  ) throws -> ApplyJournal {
    let path = try path(of: region)
    let header = ([magic, live.hex, planned.hex] + forced).joined(separator: " ") + "\n"
    let lines = begun.sorted().map { "begin \($0)\n" }.joined()
    try FilePaths.writeDurably(Array((header + lines).utf8), to: path, mode: 0o600)
    return ApplyJournal(
      path: path, descriptor: try open(path), live: live, planned: planned, forced: forced, begun: begun,
      done: [])
  }

  /// Reads the journal of an apply that was left half done; nil where there is none.
  /// - Throws: `AccountError` when it cannot be understood.
  package static func resume(for region: RegionRepository) throws -> ApplyJournal? {
    let path = try path(of: region)
    guard let bytes = FilePaths.read(path) else { return nil }
    var lines = String(decoding: bytes, as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false)
    let header = lines.removeFirst().split(separator: " ").map(String.init)
    guard header.count >= 3, header[0] == magic, let live = ObjectID(hex: header[1]),
      let planned = ObjectID(hex: header[2])
    else {
      throw AccountError(
        .invalid, "the journal of an unfinished apply, \(path), cannot be understood",
        hint:
          "move it away, then compare the account with the repository: lockstep drift -C \(region.shellPlace)"
      )
    }
    var begun: Set<ResourceID> = []
    var done: Set<ResourceID> = []
    // The last line may be torn: only lines that a newline ended count.
    for line in lines.dropLast() {
      let words = line.split(separator: " ", maxSplits: 1)
      guard words.count == 2, let id = ResourceID(argument: String(words[1])) else { continue }
      if words[0] == "begin" { begun.insert(id) }
      if words[0] == "done" { done.insert(id) }
    }
    return ApplyJournal(
      path: path, descriptor: try open(path), live: live, planned: planned,
      forced: Array(header.dropFirst(3)),
      begun: begun, done: done)
  }

  private static func open(_ path: String) throws -> Int32 {
    #if canImport(Glibc)
      let descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW)
    #else
      let descriptor = Darwin.open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW)
    #endif
    guard descriptor >= 0 else {
      throw AccountError(.io, "cannot open the journal \(path): \(String(cString: strerror(errno)))")
    }
    return descriptor
  }

  /// Whether all was done but to take the journal away.
  func isOver(_ live: ObjectID?) -> Bool { live == planned && live != self.live }

  /// Notes, durably, that resources are about to be changed.
  package func begin(_ ids: [ResourceID]) throws {
    try append(ids.map { "begin \($0)\n" }.joined())
  }

  /// Notes, durably, that resources are changed.
  package func finish(_ ids: [ResourceID]) throws {
    try append(ids.map { "done \($0)\n" }.joined())
  }

  /// Takes the journal away: the apply is complete.
  package static func remove(for region: RegionRepository) throws {
    let path = try path(of: region)
    guard unlink(path) == 0 || errno == ENOENT else {
      throw AccountError(.io, "cannot remove the journal \(path): \(String(cString: strerror(errno)))")
    }
    if let slash = path.lastIndex(of: "/") { FilePaths.syncFolder(String(path[..<slash])) }
  }

  private func append(_ text: String) throws {
    guard !text.isEmpty else { return }
    let bytes = Array(text.utf8)
    var offset = 0
    while offset < bytes.count {
      let written = bytes.withUnsafeBytes {
        write(descriptor, $0.baseAddress.map { $0 + offset }, bytes.count - offset)
      }
      if written < 0 {
        if errno == EINTR { continue }
        throw AccountError(.io, "cannot write the journal \(path): \(String(cString: strerror(errno)))")
      }
      offset += written
    }
    guard fsync(descriptor) == 0 else {
      throw AccountError(.io, "cannot flush the journal \(path): \(String(cString: strerror(errno)))")
    }
  }
}
