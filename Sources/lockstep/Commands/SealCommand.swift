import ArgumentParser
import Git
import History
import RegionRepository
import Sealing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// `lockstep seal`: seals the secrets of documents that a person wrote.
struct SealCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "seal", abstract: "Seal the secrets that stand in clear in documents, or in what is staged.",
    discussion: """
      A secret that was committed in clear stays in the history: replace it at its source. One that was only staged stays \
      in the repository as an object that nothing names until: git gc --prune=now
      """)

  @Argument(help: "Documents beneath a region's mirrored/, sealed in place.")
  var files: [String] = []

  @OptionGroup var region: RegionOptions

  @Flag(help: "Seal what is staged instead.")
  var index = false

  func validate() throws {
    if index != files.isEmpty { throw ValidationError("Give files, or --index, and not both.") }
  }

  func run() async throws {
    let place = index || region.region != "." ? region.region : Self.folder(of: files.first ?? ".")
    let git = try Repository.discover(from: place)
    let documents = try HandmadeDocuments(git: git, identities: IdentityPlace.identities)
    if index {
      StagedReport.tell(try documents.finishStaged(.seal))
      return
    }
    for file in files { try seal(file, in: git, documents) }
  }

  private func seal(_ file: String, in git: Repository, _ documents: HandmadeDocuments) throws {
    guard let place = FilePaths.resolved(file), let bytes = FilePaths.read(place) else {
      throw RegionError(.badDocument, "cannot read \(file)")
    }
    let root = git.workingDirectory.map { FilePaths.resolved($0) ?? $0 } ?? git.gitDirectory
    let path = String(place.dropFirst(root.utf8.count + 1))
    guard place.hasPrefix(root + "/"), path.hasPrefix("mirrored/") || path.hasPrefix("local/") else {
      throw RegionError(
        .badDocument, "\(file) is no document in the working tree of \(root)",
        hint: "name a file beneath \(root)/mirrored or \(root)/local")
    }
    guard let sealed = try documents.sealed(bytes, path: path) else {
      Terminal.say("\(path): no secret stands in clear")
      return
    }
    var info = stat()
    let mode = stat(place, &info) == 0 ? info.st_mode & 0o777 : 0o600
    try FilePaths.writeDurably(sealed, to: place, mode: mode, isModeExact: true)
    Terminal.say("\(path): sealed")
  }

  private static func folder(of file: String) -> String {
    let path = FilePaths.resolved(file) ?? FilePaths.absolute(file)
    return path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "/"
  }
}

/// What was done to what is staged, in words.
enum StagedReport {
  static func tell(_ report: (changed: [String], sealed: [String])) {
    for path in report.changed {
      Terminal.say(Printable.text("\(path): \(report.sealed.contains(path) ? "sealed" : "formatted")"))
    }
    guard !report.sealed.isEmpty else { return }
    Terminal.say(
      "warning: the clear text that was staged before stays in this repository, named by nothing, until:"
        + " git gc --prune=now")
  }
}
