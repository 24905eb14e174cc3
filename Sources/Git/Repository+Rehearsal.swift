extension Repository {
  /// Makes a bare repository that has this one's refs and settings and reads its objects where they are.
  ///
  /// What is done in it leaves this one as it is; it is of use as long as this one stands. Costs the refs.
  /// - Parameter path: where nothing stands yet.
  package func rehearsal(at path: String) throws(GitError) -> Repository {
    let made = try Repository.create(at: path, bare: true, initialBranch: "main")
    let files: [(name: String, text: String)] = [
      // Settings are read where they are: some are credentials, which no other file may hold.
      ("config", "[include]\n\tpath = \(Self.quoted(gitDirectory + "/config"))\n[core]\n\tbare = true\n"),
      ("objects/info/alternates", "\(objectsDirectory)\n"),
      ("HEAD", headReferenceName.map { "ref: \($0)\n" } ?? "ref: refs/heads/main\n"),
      (
        "packed-refs",
        try references(beneath: "refs/").reduce(into: "# pack-refs with: sorted\n") {
          $0 += "\($1.id.hex) \($1.name)\n"
        }
      ),
    ]
    for file in files {
      try PackWriter.writeDurably(Array(file.text.utf8), to: "\(made.gitDirectory)/\(file.name)")
    }
    return try Repository.discover(from: path)
  }

  /// A path as git's configuration takes it.
  private static func quoted(_ path: String) -> String {
    let text = path.flatMap { $0 == "\\" || $0 == "\"" ? ["\\", $0] : [$0] }
    return "\"\(String(text))\""
  }
}
