import Git

extension RegionRepository {
  /// Makes a bare copy of the repository that has its refs and settings and reads its objects where they are.
  ///
  /// What is done in it leaves this one as it is; it is of use as long as this one stands. Costs the refs.
  /// - Parameter path: where nothing stands yet.
  package func rehearsal(at path: String) throws -> RegionRepository {
    let made = try Repository.create(at: path, bare: true, initialBranch: "main")
    let own = git.gitDirectory
    let files: [(name: String, text: String)] = [
      // Settings are read where they are: some are credentials, which no other file may hold.
      ("config", "[include]\n\tpath = \(Self.quoted(own + "/config"))\n[core]\n\tbare = true\n"),
      ("objects/info/alternates", "\(own)/objects\n"),
      ("HEAD", "ref: \(try branchReference())\n"),
      (
        "packed-refs",
        try git.references(beneath: "refs/").reduce(into: "# pack-refs with: sorted\n") {
          $0 += "\($1.id.hex) \($1.name)\n"
        }
      ),
    ]
    for file in files {
      try FilePaths.writeDurably(Array(file.text.utf8), to: "\(made.gitDirectory)/\(file.name)")
    }
    return try RegionRepository.open(at: path)
  }

  /// A path as git's configuration takes it.
  private static func quoted(_ path: String) -> String {
    let text = path.flatMap { $0 == "\\" || $0 == "\"" ? ["\\", $0] : [$0] }
    return "\"\(String(text))\""
  }
}
