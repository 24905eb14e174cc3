package import Git
package import MediaResources
package import RegionRepository

/// Finds the files of an account that are gone, or other than the inventories of the commit that the account matches, and
/// brings them back from other regions.
///
/// An apply has no step for what live says is there already.
package struct ContentMend {
  /// An asset with such files.
  package struct Damage: Sendable {
    /// The asset.
    package let asset: ResourceID
    /// What its files are to be.
    let inventory: ContentInventory
    /// The files that are gone or other ones.
    package let files: [ContentFile]
  }

  /// What came of it.
  package struct Report: Sendable {
    /// What was brought back.
    package var restored: [Damage] = []
    /// Why others could not be, a line each.
    package var problems: [String] = []

    package init() {}
  }

  private let region: RegionRepository
  private let account: any LiveAccount
  private let contents: ContentSources
  private let cancellation: Cancellation
  private let report: @Sendable (ApplyEvent) -> Void

  package init(
    region: RegionRepository, account: any LiveAccount, contents: ContentSources, cancellation: Cancellation,
    report: @escaping @Sendable (ApplyEvent) -> Void
  ) {
    self.region = region
    self.account = account
    self.contents = contents
    self.cancellation = cancellation
    self.report = report
  }

  /// The command that does it, for hints.
  package static func command(for region: RegionRepository) -> String {
    "lockstep apply -C \(region.shellPlace) --contents"
  }

  /// Looks at the files of every asset of a commit; in a folder, at every byte.
  ///
  /// Files that could be compared by their size only are told; `proof` says whether they are read back instead.
  /// Assets that the account has no more are left out: they are drift of another kind.
  package func look(at commit: ObjectID) async throws -> [Damage] {
    guard account.capabilities.kinds.contains(.content) else { throw cannotSee }
    var damages: [Damage] = []
    let root = try region.root(of: commit)
    guard let folder = try region.git.entry("mirrored/\(ResourceKind.content.rawValue)", in: root) else {
      return []
    }
    var paths: [(path: String, blob: ObjectID)] = []
    try TreeWalk.changes(
      from: nil, to: folder.id, in: region.git, prefix: "mirrored/\(ResourceKind.content.rawValue)/"
    ) { change in
      if let entry = change.new { paths.append((change.path, entry.id)) }
    }
    for (path, blob) in paths {
      try cancellation.check()
      let content = try ResourceDocument.resource(bytes: region.git.read(blob).bytes, place: path)
      let inventory = ContentInventory(ContentView(content))
      guard let asset = try await asset(content.id.name) else { continue }
      let lacking = try await lacking(inventory, of: asset)
      if !lacking.files.isEmpty {
        damages.append(Damage(asset: asset.id, inventory: inventory, files: lacking.files))
      } else if lacking.comparedBySize > 0 {
        report(.comparedBySize(asset: asset.id.name, files: lacking.comparedBySize))
      }
    }
    return damages
  }

  /// Brings the files of a commit back; what cannot be brought keeps nothing else from it.
  ///
  /// The caller holds the region's lock. Verified against the inventories; files that no inventory names stay. Running it
  /// again goes on.
  package func run(at commit: ObjectID) async throws -> Report {
    var outcome = Report()
    for damage in try await look(at: commit) {
      do {
        guard let asset = try await asset(damage.asset.name) else { continue }
        let bySize = try await contents.restore(
          damage.inventory, of: asset, in: account, cancellation: cancellation
        ) { [report] done, total in
          report(.content(asset: damage.asset.name, bytesDone: done, bytesTotal: total))
        }
        if bySize > 0 { report(.comparedBySize(asset: damage.asset.name, files: bySize)) }
        outcome.restored.append(damage)
      } catch {
        let failure = AccountError.explaining(error)
        if failure.code == .interrupted { throw failure }
        outcome.problems.append("\(damage.asset.summary): \(failure.message)")
      }
    }
    if !outcome.restored.isEmpty { try await account.flush() }
    return outcome
  }

  private var cannotSee: AccountError {
    AccountError(
      .unsupported, "\(account.place) does not show the files of its assets",
      hint: "say how they are reached: git config lockstep.mediaServices.contents true")
  }

  private func asset(_ name: String) async throws -> Resource? {
    let id = ResourceID(kind: .asset, assetName: nil, name: name)
    return try await account.read(id).map { try NormalForm.normalise($0, kind: .asset) }
  }

  private func lacking(_ inventory: ContentInventory, of asset: Resource) async throws -> LackingFiles {
    guard let place = try await account.contentPlace(of: asset) else {
      return LackingFiles(files: inventory.files)
    }
    return try place.lacking(inventory.files, proof: contents.proof) { [cancellation] in
      cancellation.isCancelled
    }
  }
}
