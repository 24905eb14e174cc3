package import Git
package import Sealing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension ObjectSource {
  /// The files of `sealing/` in a `mirrored/` tree.
  /// - Throws: `GitError` when an object is missing.
  package func sealingFiles(in mirrored: ObjectID?) throws -> SealingFiles {
    var files = SealingFiles()
    guard let folder = try entry(SealingFiles.folder, in: mirrored), folder.isTree else { return files }
    for entry in try Tree(bytes: read(folder.id).bytes).entries where !entry.isTree {
      let name = entry.name
      if let fingerprint = SealingFiles.fingerprint(ofFile: name) {
        files.keys[fingerprint] = try read(entry.id).bytes
      } else if SealingFiles.recipientsPath == "\(SealingFiles.folder)/\(name)" {
        files.recipients = try read(entry.id).bytes
      }
    }
    return files
  }
}

extension Repository {
  /// Where this machine notes which data keys it has seen here; in a clone nothing is noted.
  package var trust: TrustStore {
    let folder = FilePaths.absolute("lockstep", relativeTo: gitDirectory)
    let path = folder + "/trusted-keys"
    let isRegion = ((try? configValue(RegionConfiguration.region)) ?? nil) != nil
    return TrustStore(
      load: { () throws(SealingError) in
        guard FilePaths.exists(path) else { return nil }
        guard let bytes = FilePaths.read(path),
          let keys = TrustedKeys(text: String(decoding: bytes, as: UTF8.self))
        else {
          throw SealingError(
            .badRecipients, "the note of the data keys that this machine has seen, \(path), cannot be read",
            hint:
              "see who owns it and what it says; without it the next run takes the keys that it finds on trust: rm"
              + " '\(path)'")
        }
        return keys
      },
      save: { keys in
        guard isRegion else { return }
        try? FilePaths.makeFolder(folder, mode: 0o700)
        try? FilePaths.writeDurably(Array(keys.text.utf8), to: path, mode: 0o600)
      })
  }

  /// The data keys of the newest commit; of none where there is no commit.
  ///
  /// Any clone of a region's repository will do, and any branch: what is seen there is not noted.
  package func keyring(identities: Identities) throws -> Keyring {
    let mirrored = try headCommit().map { try regionTree(of: $0).mirrored } ?? nil
    let trust = trust
    return Keyring(
      files: try sealingFiles(in: mirrored), identities: identities,
      trust: TrustStore(load: trust.load, save: { _ in }))
  }

  /// The commit that HEAD names, detached or not; nil before the first.
  package func headCommit() throws -> ObjectID? {
    if let name = headReferenceName { return try reference(name) }
    return try commit(named: "HEAD")
  }
}

extension RegionRepository {
  /// The data keys of some commits, the first one's list of recipients first; reads a few small files.
  package func keyring(
    of commits: [ObjectID?], identities: Identities, founder: Keyring.Founder? = nil
  ) throws -> Keyring {
    let files = try commits.map { try git.sealingFiles(in: mirrored(of: $0)) }
    return Keyring(
      files: files.reduce(SealingFiles()) { $0.adding($1) }, identities: identities, trust: git.trust,
      founder: founder)
  }

  /// Commits other files of `sealing/`.
  ///
  /// The caller holds the region's lock.
  /// - Returns: the commit, or nil where nothing changed.
  @discardableResult
  package func commit(_ files: SealingFiles, message: String) throws -> ObjectID? {
    let head = try head()
    let pack = try PackWriter(repository: git)
    let edits = try TreeEditor.edits(
      for: files, besides: git.sealingFiles(in: mirrored(of: head)), into: pack)
    return try commit(
      edits, on: head, message: message + "\n", log: "lockstep keys: \(message)", pack: pack)
  }

  /// The data keys of the newest commit.
  package func keyring(identities: Identities) throws -> Keyring {
    try keyring(of: [head()], identities: identities)
  }

  /// Notes on this machine that the newest commit's data key, which was made here, is the current one.
  package func noteCurrentKey(identities: Identities) {
    _ = try? keyring(identities: identities).authenticList()
  }
}

extension TreeEditor {
  /// The changes that bring files into a `mirrored/` tree.
  package static func edits(
    for files: SealingFiles, besides known: SealingFiles, into sink: some ObjectSink
  ) throws(GitError) -> [String: (mode: UInt32, id: ObjectID)?] {
    let old = Dictionary(uniqueKeysWithValues: known.all.map { ($0.path, $0.bytes) })
    var edits: [String: (mode: UInt32, id: ObjectID)?] = [:]
    for (path, bytes) in files.all where old[path] != bytes {
      edits[path] = (mode: TreeMode.file, id: try sink.write(.blob, bytes, replacing: nil))
    }
    return edits
  }
}
