package import CanonicalJSON
package import LiveAccount
package import MediaResources

/// A content key as one locator has it, for whoever decides about a request for it.
///
/// Its value never shows in a description.
package struct HeldKey: Sendable, CustomStringConvertible {
  /// The locator.
  package let locator: ResourceID
  /// Whether the locator's time has come, and lasts.
  package let isDue: Bool
  /// The key's 16 bytes; nil where the locator holds none.
  package let value: [UInt8]?
  /// The options of its content key policy as they stand; nil where no policy is named, or is there.
  package let options: [JSONValue]?

  package var description: String { "a content key of \(locator)" }
}

extension FolderAccount {
  /// The locators that have a content key, with what decides who may have it.
  ///
  /// One that names something that is not here serves nothing, and is left out.
  package func holders(ofKey id: String) throws -> [HeldKey] {
    try index.holders(ofKey: id).compactMap { holder -> HeldKey? in
      guard let locator = try stored(holder), let publication = try? publication(of: locator),
        let key = publication.view.contentKeys.first(where: { $0.id.lowercased() == id.lowercased() })
      else { return nil }
      return HeldKey(
        locator: holder, isDue: publication.isDue(at: now()), value: Self.material(of: key),
        options: try contentKeyPolicy(of: key, of: publication).map { ContentKeyPolicyView($0).options })
    }
  }

  /// The folder with what a locator publishes; nil where its time has not come, or is over, or nothing is published.
  package func publishedFolder(_ streamingLocatorID: String) throws -> RootedFolder? {
    let path = FolderLayout.publication(streamingLocatorID)
    guard try root.stat(path)?.isFolder == true else { return nil }
    let isDue = try index.claimants(ofLocatorID: streamingLocatorID).contains { claimant in
      guard let locator = try stored(claimant), let publication = try? publication(of: locator) else {
        return false
      }
      return publication.view.streamingLocatorID?.lowercased() == streamingLocatorID.lowercased()
        && publication.isDue(at: now())
    }
    return isDue ? try root.subfolder(path) : nil
  }
}
