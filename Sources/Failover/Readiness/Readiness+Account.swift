import Git
import LiveAccount
import MediaResources
import Planning
import Rclone
import RegionRepository
import Sealing

extension Readiness {
  func applied() async throws -> ReadinessCheck {
    let mend = "lockstep apply -C \(region.shellPlace)"
    if try ApplyJournal.isOpen(for: region) {
      return .notReady("applied", "an apply was cut off", hint: mend)
    }
    let plan = try await PlanBuilder(
      region: region, capabilities: account.capabilities, identities: identities, purpose: .reading
    ).plan().plan
    guard !plan.isEmpty else { return .ready("applied", "everything that is committed") }
    if let first = plan.held.first(where: { $0.root == nil }), plan.steps.isEmpty {
      return .notReady(
        "applied", "the account cannot take \(Count.text(plan.held.count, "change"))",
        plan.held.map(\.sentence), hint: try first.mend(in: region))
    }
    return .notReady(
      "applied", "\(plan.steps.count) changes are not applied",
      plan.steps.map { "\($0.action.rawValue) \($0.id.summary)" }, hint: mend)
  }

  /// The account's own listing has the locators of the repository, and they are up.
  func locators(_ scene: Scene) async throws -> ReadinessCheck {
    var mend = "lockstep apply -C \(region.shellPlace)"
    var count = 0
    let folder = try region.git.entry(ResourceKind.streamingLocator.rawValue, in: scene.mirrored)
    try TreeWalk.changes(from: nil, to: folder?.id, in: region.git) { _ in count += 1 }
    let listed = try await account.list(.streamingLocator).count
    let kinds: Set<ResourceKind> = [.streamingLocator, .contentKeyPolicy, .streamingPolicy]
    var problems = (scene.drift ?? []).filter { kinds.contains($0.id.kind) }
      .map { $0.summary }
    problems += try await account.unfinished().map { "\($0.summary) is not published whole" }
    // A service publishes by itself; there is nothing to be read.
    let readsPublications = options.isDeep && account.capabilities.filesSeen == .bytes
    let unpublished = readsPublications ? try await account.publicationProblems() : []
    problems += unpublished
    // What lacks its files is not brought back by what the repository says of documents.
    if !unpublished.isEmpty { mend = ContentMend.command(for: region) }
    if listed != count { problems.insert("the repository has \(count), the account \(listed)", at: 0) }
    guard problems.isEmpty else {
      return .notReady(
        "locators", "the account does not serve the locators as they are", problems, hint: mend)
    }
    return .ready(
      "locators",
      "\(count) in the account" + (readsPublications ? ", every published file and key read" : ""))
  }

  /// Every file of every inventory is there, with its size; deep, with its bytes.
  func content(_ scene: Scene) async throws -> ReadinessCheck {
    guard account.capabilities.kinds.contains(.content) else {
      return .skipped(
        "content", "\(account.place) does not show the files of its assets: none was looked at")
    }
    var (files, bytes) = (0, Int64(0))
    var problems: [String] = []
    for path in try paths(of: .content, in: scene.mirrored) {
      try cancellation.check()
      guard let document = try region.git.file(path, in: scene.mirrored) else { continue }
      let inventory = try MirroredDocument.resource(bytes: document, path: path)
      let asset = ResourceID(kind: .asset, assetName: nil, name: inventory.id.name)
      let wanted = ContentView(inventory).files
      files += wanted.count
      bytes += wanted.reduce(0) { $0 + $1.size }
      problems += try await lacking(wanted, of: asset)
    }
    guard problems.isEmpty else {
      return .notReady(
        "content", "\(problems.count) of \(files) files are not as the inventories say", problems,
        hint: ContentMend.command(for: region))
    }
    let how =
      switch account.capabilities.filesSeen {
      case .bytes: options.isDeep ? "every byte read" : "by their sizes"
      case .listing, .none: "by what their storage says of them; no byte was read"
      }
    return .ready("content", "\(files) files, \(bytes) bytes, \(how)")
  }

  private func lacking(_ files: [ContentView.File], of asset: ResourceID) async throws -> [String] {
    guard !files.isEmpty else { return [] }
    let document = try await account.read(asset)
    var place: ContentPlace?
    if let document {
      place = try await account.contentPlace(of: NormalForm.normalise(document, kind: .asset))
    }
    switch place {
    case nil: return files.map { "\(asset.name)/\($0.path) is missing" }
    case .folder(let folder): return try lacking(files, of: asset, in: folder)
    case .remote(let remote): return try lacking(files, of: asset, in: remote)
    }
  }

  /// Storage elsewhere is listed once; what it knows of a file's bytes counts, and none is read.
  private func lacking(
    _ files: [ContentView.File], of asset: ResourceID, in remote: RcloneRemote
  ) throws -> [String] {
    let there = try ContentScan.inventory(of: .remote(remote)) { [cancellation] in cancellation.isCancelled }
    let known = Dictionary(there.files.map { ($0.path, $0) }) { first, _ in first }
    return files.compactMap { file in
      let name = "\(asset.name)/\(file.path)"
      guard let found = known[file.path] else { return "\(name) is missing" }
      guard found.size == file.size else { return "\(name) has \(found.size) bytes instead of \(file.size)" }
      guard let wanted = file.md5, let md5 = found.md5, md5 != wanted else { return nil }
      return "\(name) has other bytes: its MD5 differs"
    }
  }

  private func lacking(
    _ files: [ContentView.File], of asset: ResourceID, in folder: RootedFolder
  ) throws -> [String] {
    var problems: [String] = []
    for file in files {
      let name = "\(asset.name)/\(file.path)"
      guard let entry = try folder.stat(file.path) else {
        problems.append("\(name) is missing")
        continue
      }
      guard entry.size == file.size else {
        problems.append("\(name) has \(entry.size) bytes instead of \(file.size)")
        continue
      }
      guard options.isDeep else { continue }
      let found = try ContentScan.digests(of: file.path, in: folder) { [cancellation] in
        cancellation.isCancelled
      }
      if let sha256 = file.sha256, found.sha256 != sha256 {
        problems.append("\(name) has other bytes: its SHA-256 differs")
      } else if let md5 = file.md5, found.md5 != md5 {
        problems.append("\(name) has other bytes: its MD5 differs")
      }
    }
    return problems
  }

  /// Sealed values open here: a sample of them, or all.
  func secrets(_ scene: Scene) throws -> ReadinessCheck {
    guard scene.keyring.files != SealingFiles() else {
      return .ready("secrets", "nothing is sealed")
    }
    _ = try scene.keyring.currentKey()
    var (opened, seen) = (0, 0)
    var problems: [String] = []
    for kind in SecretPlaces.kinds.sorted() {
      for path in try paths(of: kind, in: scene.mirrored) {
        try cancellation.check()
        guard options.isDeep || opened < Self.sampleSize || problems.isEmpty && seen < 20 * Self.sampleSize,
          let bytes = try region.git.file(path, in: scene.mirrored)
        else { break }
        seen += 1
        let resource = try MirroredDocument.resource(bytes: bytes, path: path)
        guard !SealedValues.fingerprints(in: resource).isEmpty else { continue }
        do throws(SealingError) {
          _ = try scene.keyring.open(resource)
          opened += 1
        } catch { problems.append("\(resource.id.summary): \(error.message)") }
      }
    }
    guard problems.isEmpty else {
      return .notReady(
        "secrets", "sealed values do not open here", problems,
        hint: "a recipient lets this identity in: lockstep keys recipients --add RECIPIENT"
          + " \(scene.fleet.primaryOption)")
    }
    return .ready("secrets", "the data key opens, and the secrets of \(opened) resources")
  }

  /// The files of a kind under `mirrored/`, by their paths.
  func paths(of kind: ResourceKind, in mirrored: ObjectID?) throws -> [String] {
    let folder = try region.git.entry(kind.rawValue, in: mirrored)
    var paths: [String] = []
    try TreeWalk.changes(
      from: nil, to: folder.flatMap { $0.isTree ? $0.id : nil }, in: region.git, prefix: kind.rawValue + "/"
    ) { paths.append($0.path) }
    return paths
  }
}
