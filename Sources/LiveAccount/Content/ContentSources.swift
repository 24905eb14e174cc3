package import MediaResources
import Synchronization

/// The accounts of other regions, from which the files of an asset can be copied.
package struct ContentSources: Sendable {
  /// One of them.
  package struct Source: Sendable {
    /// The region's name.
    package let region: String
    /// Its account.
    package let account: any LiveAccount

    package init(region: String, account: any LiveAccount) {
      self.region = region
      self.account = account
    }
  }

  /// The accounts in the order in which they are tried.
  package let sources: [Source]
  /// Regions that are configured and cannot be reached from here.
  package let unreachable: [String]
  /// How far copies are proved.
  package let proof: ContentProof

  package init(_ sources: [Source], unreachable: [String] = [], proof: ContentProof = .known) {
    self.sources = sources
    self.unreachable = unreachable
    self.proof = proof
  }

  /// Brings an asset's files to an inventory, from the first source that has them.
  /// - Parameter locators: the forms that locators of the asset are about to have.
  /// - Returns: how many of the files that were copied could be compared by their size only.
  /// - Throws: `AccountError` (`.missing`) naming what each source lacks.
  func bring(
    _ inventory: ContentInventory, to asset: Resource, in account: any LiveAccount, for locators: [Resource],
    cancellation: Cancellation, progress: @escaping @Sendable (_ done: Int64, _ total: Int64) -> Void
  ) async throws -> Int {
    let isCancelled = { @Sendable in cancellation.isCancelled }
    if let place = try await account.contentPlace(of: asset),
      try place.isComplete(inventory, isCancelled: isCancelled)
    {
      return 0
    }
    if inventory.files.isEmpty {
      try await account.replaceContent(of: asset, for: locators) { stage in
        try stage.empty(isCancelled: isCancelled)
      }
      return 0
    }
    return try await copy(
      inventory, of: asset, cancellation: cancellation, progress: progress
    ) { place, fill in
      try await account.replaceContent(of: asset, for: locators) { stage in
        try fill(ContentTransfer(source: place, stage: stage, proof: proof))
      }
    }
  }

  /// Brings back the files of an inventory that an account lacks or holds otherwise; what it holds besides stays.
  /// - Returns: how many of the files that were copied could be compared by their size only.
  /// - Throws: `AccountError` (`.missing`) naming what each source lacks.
  func restore(
    _ inventory: ContentInventory, of asset: Resource, in account: any LiveAccount,
    cancellation: Cancellation, progress: @escaping @Sendable (_ done: Int64, _ total: Int64) -> Void
  ) async throws -> Int {
    try await copy(inventory, of: asset, cancellation: cancellation, progress: progress) { place, fill in
      try await account.restoreContent(of: asset) { stage in
        try fill(ContentTransfer(source: place, stage: stage, proof: proof, keepsOthers: true))
      }
    }
  }

  /// Copies an inventory from the first source that has it.
  /// - Parameter put: has the account take what a transfer from a place brings.
  private func copy(
    _ inventory: ContentInventory, of asset: Resource, cancellation: Cancellation,
    progress: @escaping @Sendable (_ done: Int64, _ total: Int64) -> Void,
    by put: (ContentPlace, @escaping @Sendable (ContentTransfer) throws -> Void) async throws -> Void
  ) async throws -> Int {
    let isCancelled = { @Sendable in cancellation.isCancelled }
    var failures: [String] = []
    for source in sources {
      do {
        guard let place = try await files(of: asset.id, in: source.account) else {
          failures.append("\(source.region) has no files of it")
          continue
        }
        let bySize = Atomic(0)
        try await put(place) { transfer in
          let report = try transfer.copy(
            inventory, progress: { progress($0.bytesDone, $0.bytesTotal) }, isCancelled: isCancelled)
          bySize.store(report.filesBySize, ordering: .relaxed)
        }
        return bySize.load(ordering: .relaxed)
      } catch let error as ContentError
        where [.notFound, .changed, .corrupt, .unreachable, .busy].contains(error.code)
      {
        failures.append("\(source.region): \(error.message)")
      } catch let error as AccountError where error.code == .invalid {
        failures.append("\(source.region): \(error.message)")
      }
      try cancellation.check()
    }
    let reasons = (failures + unreachable.map { "\($0) cannot be reached from this machine" }).joined(
      separator: "; ")
    throw AccountError(
      .missing,
      "the files of \(asset.id) are in no account that can be reached: "
        + (reasons.isEmpty ? "no peer with an account is configured" : reasons),
      hint: "capture the region that holds them and mirror again, or name it:"
        + " git config lockstep.peer-NAME.repository PATH")
  }

  /// Those files of an asset that neither an account nor any of the sources holds; reads the bytes of files that are as
  /// long as they must be.
  /// - Parameter form: the asset as it comes back, where the account may have lost it and kept its container.
  package func lacking(
    _ files: [ContentFile], of asset: ResourceID, as form: Resource?, besides account: any LiveAccount,
    cancellation: Cancellation
  ) async throws -> [ContentFile] {
    var lacking = files
    if let form, let kept = try await account.contentPlace(of: form) {
      lacking = try kept.lacking(lacking, isCancelled: { cancellation.isCancelled }).files
    }
    for account in [account] + sources.map(\.account) where !lacking.isEmpty {
      guard let place = try await self.files(of: asset, in: account) else { continue }
      lacking = try place.lacking(lacking, isCancelled: { cancellation.isCancelled }).files
    }
    return lacking
  }

  private func files(of asset: ResourceID, in account: any LiveAccount) async throws -> ContentPlace? {
    guard let document = try await account.read(asset) else { return nil }
    do { return try await account.contentPlace(of: NormalForm.normalise(document, kind: .asset)) } catch let
      error as ResourceError
    {
      throw AccountError(.invalid, error.description)
    }
  }
}
