package import MediaResources

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

  package init(_ sources: [Source], unreachable: [String] = []) {
    self.sources = sources
    self.unreachable = unreachable
  }

  /// Brings an asset's files to an inventory, from the first source that has them.
  /// - Parameter locators: the forms that locators of the asset are about to have.
  /// - Throws: `AccountError` (`.missing`) naming what each source lacks.
  func bring(
    _ inventory: ContentInventory, to asset: Resource, in account: any LiveAccount, for locators: [Resource],
    cancellation: Cancellation, progress: @escaping @Sendable (_ done: Int64, _ total: Int64) -> Void
  ) async throws {
    let isCancelled = { @Sendable in cancellation.isCancelled }
    if let folder = try await account.contentFolder(of: asset),
      try ContentTransfer.isComplete(inventory, in: folder, isCancelled: isCancelled)
    {
      return
    }
    if inventory.files.isEmpty {
      return try await account.replaceContent(of: asset, for: locators) { stage in
        for entry in try stage.folder.list(recursively: true) { try stage.folder.remove(entry.path) }
      }
    }
    var failures: [String] = []
    for source in sources {
      do {
        guard let folder = try await files(of: asset.id, in: source.account) else {
          failures.append("\(source.region) has no files of it")
          continue
        }
        try await account.replaceContent(of: asset, for: locators) { stage in
          let transfer = ContentTransfer(source: folder, stage: stage)
          _ = try transfer.copy(
            inventory, progress: { progress($0.bytesDone, $0.bytesTotal) }, isCancelled: isCancelled)
        }
        return
      } catch let error as ContentError where [.notFound, .changed, .corrupt].contains(error.code) {
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
  package func lacking(
    _ files: [ContentFile], of asset: ResourceID, besides account: any LiveAccount, cancellation: Cancellation
  ) async throws -> [ContentFile] {
    var lacking = files
    for account in [account] + sources.map(\.account) where !lacking.isEmpty {
      guard let folder = try await self.files(of: asset, in: account) else { continue }
      lacking = try lacking.filter { file in
        guard try folder.stat(file.path)?.size == file.size else { return true }
        guard let wanted = file.sha256 else { return false }
        return try ContentScan.digest(of: file.path, in: folder, isCancelled: { cancellation.isCancelled })
          != wanted
      }
    }
    return lacking
  }

  private func files(of asset: ResourceID, in account: any LiveAccount) async throws -> RootedFolder? {
    guard let document = try await account.read(asset) else { return nil }
    do { return try await account.contentFolder(of: NormalForm.normalise(document, kind: .asset)) } catch let
      error as ResourceError
    {
      throw AccountError(.invalid, error.description)
    }
  }
}

extension ContentInventory {
  /// The inventory that a content resource describes; that of no file at all for none.
  package init(_ view: ContentView?) {
    self.init(
      files: (view?.files ?? []).map {
        ContentFile(path: $0.path, size: $0.size, md5: $0.md5, sha256: $0.sha256)
      })
  }
}
