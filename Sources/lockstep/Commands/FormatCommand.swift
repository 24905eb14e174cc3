import ArgumentParser
import CanonicalJSON
import Git
import RegionRepository
import Sealing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// `lockstep fmt`: canonical JSON.
struct FormatCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fmt",
    abstract: "Write JSON in canonical form (exit 1: no JSON, 2: --check found some that is not).")

  @Argument(help: "The files to format in place; - or nothing for standard input to standard output.")
  var files: [String] = []

  @Flag(help: "Change nothing; list what is not canonical.")
  var check = false

  @Flag(help: "Print exactly the RFC 8785 bytes to standard output instead; a line break between files.")
  var compact = false

  @Flag(help: "In a region: format the documents that are staged, and seal their secrets.")
  var index = false

  func validate() throws {
    if index, !files.isEmpty || compact || check {
      throw ValidationError("--index takes no files and no other option.")
    }
  }

  func run() throws {
    if index {
      let documents = try HandmadeDocuments(
        git: Repository.discover(from: "."), identities: IdentityPlace.identities)
      return StagedReport.tell(try documents.finishStaged(.format))
    }
    var isBroken = false
    var isDifferent = false
    for (number, file) in (files.isEmpty ? ["-"] : files).enumerated() {
      if compact, !check, number > 0 { Terminal.print("") }
      do throws(FormatProblem) {
        if try !format(file) {
          isDifferent = true
          Terminal.print(file)
        }
      } catch {
        isBroken = true
        Terminal.say(error.text)
      }
    }
    if isBroken { throw ExitCode(ExitStatus.error) }
    if isDifferent { throw ExitCode(ExitStatus.differences) }
  }

  /// Formats one file; false where `--check` finds that it is not canonical.
  private func format(_ file: String) throws(FormatProblem) -> Bool {
    let text = try FormatInput.read(file)
    let value: JSONValue
    do { value = try JSONValue.parse(text) } catch { throw FormatProblem(text: "\(file):\(error)") }
    if check { return (compact ? value.compactBytes() : value.canonicalBytes()) == text }
    if compact {
      Terminal.print(bytes: value.compactBytes())
    } else if file == "-" {
      Terminal.print(value)
    } else {
      try FormatInput.replace(file, text, with: value.canonicalBytes())
    }
    return true
  }
}

/// What is wrong with a file, as one line.
struct FormatProblem: Error {
  let text: String
}

/// Reading and replacing of files to format.
private enum FormatInput {
  static func read(_ file: String) throws(FormatProblem) -> [UInt8] {
    let descriptor = file == "-" ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw problem(file) }
    defer { if descriptor != STDIN_FILENO { close(descriptor) } }
    guard let bytes = Descriptor.readAll(descriptor) else { throw problem(file) }
    return bytes
  }

  private static func problem(_ file: String) -> FormatProblem {
    FormatProblem(text: "\(file): \(String(cString: strerror(errno)))")
  }

  /// Replaces a file that differs; through a link the file that it leads to.
  ///
  /// The mode stays.
  static func replace(_ file: String, _ old: [UInt8], with new: [UInt8]) throws(FormatProblem) {
    guard old != new else { return }
    guard let resolved = realpath(file, nil) else { throw problem(file) }
    defer { free(resolved) }
    var info = stat()
    guard stat(resolved, &info) == 0 else { throw problem(file) }
    do {
      try FilePaths.writeDurably(
        new, to: String(cString: resolved), mode: info.st_mode & 0o777, isModeExact: true)
    } catch {
      throw FormatProblem(text: "\(file): \(error.message)")
    }
  }
}
