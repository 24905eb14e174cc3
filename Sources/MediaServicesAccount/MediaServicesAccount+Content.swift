package import LiveAccount
package import MediaResources

/// What is done with files; they stand in the storage accounts of the service.
extension MediaServicesAccount {
  package func contentPlace(of asset: Resource) async throws -> ContentPlace? { nil }

  package func replaceContent(
    of asset: Resource, for locators: [Resource], by fill: @Sendable (ContentStage) throws -> Void
  ) async throws { throw unsupported(asset) }

  package func removeContent(of asset: Resource) async throws { throw unsupported(asset) }

  private func unsupported(_ asset: Resource) -> AccountError {
    AccountError(
      .unsupported, "\(asset.id.summary): its files stand in a storage account that \(place) does not open")
  }

  package func recover() async throws {}

  package func unfinished() async throws -> [ResourceID] { [] }

  /// Nothing to do: a service answers when it has kept what was written.
  package func flush() async throws {}

  package func locatorsNeedingKeyServer() async throws -> [ResourceID] { [] }

  package func publicationProblems() async throws -> [String] { [] }

  /// Nothing to do: the service looks at the times of its locators itself.
  package func settle() async throws -> Settlement { Settlement() }
}
