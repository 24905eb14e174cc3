import Git
import RegionRepository

/// git's own `diff` and `log -p` over a region: marks in the place of secrets, by `lockstep textconv`.
enum DiffDriver {
  private static let attributes = ["mirrored/**/*.json diff=lockstep", "local/**/*.json diff=lockstep"]

  /// Sets the driver up in a repository, where it is not; a program that is not there shows the document as it stands.
  static func install(in region: RegionRepository) throws {
    let command =
      "if command -v lockstep >/dev/null 2>&1; then lockstep textconv \"$1\"; else cat \"$1\"; fi #"
    if try region.git.configValue("diff.lockstep.textconv") == nil {
      try region.git.setConfigValue("diff.lockstep.textconv", command)
    }
    let path = "\(region.git.gitDirectory)/info/attributes"
    let known = FilePaths.read(path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    let lines = known.split(separator: "\n")
    let missing = attributes.filter { attribute in !lines.contains { $0 == attribute } }
    guard !missing.isEmpty else { return }
    try FilePaths.makeFolders("\(region.git.gitDirectory)/info")
    let separator = known.isEmpty || known.hasSuffix("\n") ? "" : "\n"
    try FilePaths.writeDurably(
      Array("\(known)\(separator)\(missing.joined(separator: "\n"))\n".utf8), to: path)
  }
}
