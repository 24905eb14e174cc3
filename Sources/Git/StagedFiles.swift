import Programs

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

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

  /// The ordinary files that are staged and not as the newest commit has them.
  /// - Throws: `GitError` with what git said, or for a path that is no UTF-8.
  package static func list(in repository: Repository) throws(GitError) -> [File] {
    let output = try git(
      ["diff", "--cached", "--raw", "-z", "--abbrev=40", "--no-ext-diff", "--no-renames", "--diff-filter=d"],
      in: repository, what: "cannot list what is staged")
    // :OLDMODE NEWMODE OLDID NEWID STATUS NUL PATH NUL
    let fields = try texts(output)
    var files: [File] = []
    for index in stride(from: 0, to: fields.count - 1, by: 2) {
      let words = fields[index].split(separator: " ").map(String.init)
      guard words.count == 5 else { throw unknown }
      if let file = try file(mode: words[1], id: words[3], path: fields[index + 1]) { files.append(file) }
    }
    return files
  }

  /// The ordinary files at some paths as they are staged.
  package static func at(_ paths: [String], in repository: Repository) throws(GitError) -> [File] {
    guard !paths.isEmpty else { return [] }
    let output = try git(
      ["--literal-pathspecs", "ls-files", "--stage", "-z", "--"] + paths, in: repository,
      what: "cannot list what is staged")
    var files: [File] = []
    // MODE ID STAGE TAB PATH NUL
    for field in try texts(output) {
      guard let tab = field.firstIndex(of: "\t") else { throw unknown }
      let words = field[..<tab].split(separator: " ").map(String.init)
      guard words.count == 3 else { throw unknown }
      let path = String(field[field.index(after: tab)...])
      if let file = try file(mode: words[0], id: words[1], path: path) { files.append(file) }
    }
    return files
  }

  /// Stages texts in the place of files, all of them at once.
  package static func replace(_ texts: [(file: File, bytes: [UInt8])], in repository: Repository)
    throws(GitError)
  {
    guard !texts.isEmpty else { return }
    var lines: [UInt8] = []
    for (file, bytes) in texts {
      let id = try repository.writeLoose(.blob, bytes)
      lines += Array("\(String(file.mode, radix: 8)) \(id)\t\(file.path)\0".utf8)
    }
    _ = try git(
      ["update-index", "-z", "--index-info"], input: lines, in: repository,
      what: "cannot stage what was changed")
  }

  /// Whether the index is one that git made for a commit of named files only (`git commit FILE`): what is changed in it
  /// does not come back to the real one.
  package static var isForNamedFilesOnly: Bool {
    getenv("GIT_INDEX_FILE").map { String(cString: $0).pathName.hasPrefix("next-index-") } ?? false
  }

  private static func file(mode: String, id: String, path: String) throws(GitError) -> File? {
    guard let number = UInt32(mode, radix: 8), let id = ObjectID(hex: id) else { throw unknown }
    return number == 0o100644 || number == 0o100755 ? File(path: path, mode: number, id: id) : nil
  }

  private static func texts(_ output: [UInt8]) throws(GitError) -> [String] {
    var texts: [String] = []
    for field in output.split(separator: 0) {
      let text = String(decoding: field, as: UTF8.self)
      guard text.utf8.elementsEqual(field) else {
        throw GitError(
          .unsupported, "a name that is no UTF-8 is staged: \(text)", hint: "git rm --cached that file")
      }
      texts.append(text)
    }
    return texts
  }

  private static let unknown = GitError(.corrupt, "git listed what is staged in a form that is not known")

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

extension String {
  /// What stands after the last slash.
  fileprivate var pathName: Substring { self[(lastIndex(of: "/").map { index(after: $0) } ?? startIndex)...] }
}
