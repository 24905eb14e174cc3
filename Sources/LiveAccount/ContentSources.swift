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

  package init(_ sources: [Source]) { self.sources = sources }

  /// Brings a folder to an inventory: what is missing is copied from the first source that has it, verified, and put
  /// in place by renames in the order that players survive; what is too much goes last.
  /// - Throws: `AccountError` (`.missing`) naming the files that no source holds.
  func copy(
    _ inventory: ContentInventory, ofAsset asset: String, to target: RootedFolder, cancellation: Cancellation,
    progress: @escaping @Sendable (_ done: Int64, _ total: Int64) -> Void
  ) async throws {
    if try ContentTransfer.isComplete(inventory, in: target) { return }
    var failures: [String] = []
    for source in sources {
      guard let folder = try await folder(of: asset, in: source.account) else {
        failures.append("\(source.region) has no files of it")
        continue
      }
      do throws(ContentError) {
        let transfer = ContentTransfer(source: folder, target: target)
        _ = try transfer.copy(
          inventory, removingExtras: true,
          progress: { progress($0.bytesDone, $0.bytesTotal) },
          isCancelled: { cancellation.isCancelled })
        return
      } catch {
        guard [.notFound, .changed, .corrupt].contains(error.code) else { throw error }
        failures.append("\(source.region): \(error.message)")
      }
      try cancellation.check()
    }
    let reasons =
      failures.isEmpty ? "no peer with an account is configured" : failures.joined(separator: "; ")
    throw AccountError(
      .missing, "the files of asset \(asset) are in no account that can be reached: \(reasons)",
      hint: "capture the region that holds them and mirror again, or name it:"
        + " git config lockstep.peer-NAME.repository PATH")
  }

  private func folder(of asset: String, in account: any LiveAccount) async throws -> RootedFolder? {
    let id = ResourceID(kind: .asset, assetName: nil, name: asset)
    guard let document = try await account.read(id) else { return nil }
    return try await account.contentFolder(of: NormalForm.normalise(document, kind: .asset), create: false)
  }
}

extension ContentInventory {
  /// The inventory that a content resource describes.
  package init(_ view: ContentView) {
    self.init(
      files: view.files.map { ContentFile(path: $0.path, size: $0.size, md5: $0.md5, sha256: $0.sha256) })
  }
}
