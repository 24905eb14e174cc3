import Programs

/// What a person has staged, read and changed through git itself: inside a hook, the index is where git says it is.
package enum StagedFiles {
  /// A file that is staged and not as the newest commit has it.
  package struct File: Sendable, Equatable {
    /// The path from the root of the repository.
    package let path: String
    /// The file's mode.
    package let mode: UInt32
    /// The blob that is staged.
    package let id: ObjectID
  }

  /// The ordinary files that are staged and new or changed.
  /// - Throws: `GitError` with what git said.
  package static func list(in repository: Repository) throws(GitError) -> [File] {
    let output = try git(
      [
        "diff", "--cached", "--raw", "-z", "--abbrev=40", "--no-ext-diff", "--no-renames", "--diff-filter=AM",
      ],
      in: repository, what: "cannot list what is staged")
    // :OLDMODE NEWMODE OLDID NEWID STATUS NUL PATH NUL
    let fields = output.split(separator: 0, omittingEmptySubsequences: true).map {
      String(decoding: $0, as: UTF8.self)
    }
    var files: [File] = []
    for index in stride(from: 0, to: fields.count - 1, by: 2) {
      let words = fields[index].split(separator: " ")
      guard words.count == 5, let mode = UInt32(words[1], radix: 8), let id = ObjectID(hex: String(words[3]))
      else { throw GitError(.corrupt, "git listed what is staged in a form that is not known") }
      if mode == 0o100644 || mode == 0o100755 {
        files.append(File(path: fields[index + 1], mode: mode, id: id))
      }
    }
    return files
  }

  /// Stages a text in a file's place.
  /// - Returns: the blob.
  package static func replace(_ file: File, with bytes: [UInt8], in repository: Repository) throws(GitError)
    -> ObjectID
  {
    let written = try git(
      ["hash-object", "-w", "--stdin"], input: bytes, in: repository, what: "cannot stage \(file.path)")
    guard let id = ObjectID(hex: String(decoding: written.prefix(40), as: UTF8.self)) else {
      throw GitError(.corrupt, "git stored \(file.path) under a name that is not known")
    }
    let line = "\(String(file.mode, radix: 8)) \(id)\t\(file.path)\0"
    _ = try git(
      ["update-index", "-z", "--index-info"], input: Array(line.utf8), in: repository,
      what: "cannot stage \(file.path)")
    return id
  }

  private static func git(
    _ arguments: [String], input: [UInt8]? = nil, in repository: Repository, what: String
  ) throws(GitError) -> [UInt8] {
    let place = repository.workingDirectory ?? repository.gitDirectory
    let outcome: ChildProgram.Outcome
    do { outcome = try ChildProgram.run(["git", "-C", place] + arguments, input: input) } catch {
      throw GitError(.transport, "\(what): \(error.message)", hint: error.hint)
    }
    guard outcome.status == 0 else { throw GitError(.transport, "\(what): \(outcome.errors)") }
    return outcome.output
  }
}
