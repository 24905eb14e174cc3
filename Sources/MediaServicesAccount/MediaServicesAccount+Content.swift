import CanonicalJSON
package import LiveAccount
package import MediaResources
import Rclone

/// The files of assets: they stand in the storage accounts of the service, and rclone moves them.
extension MediaServicesAccount {
  private var isCancelled: @Sendable () -> Bool { { [cancellation] in cancellation.isCancelled } }

  package func contentPlace(of asset: Resource) async throws -> ContentPlace? {
    try await containers.remote(of: asset, for: .read).map { .remote($0) }
  }

  // MARK: Inventories

  /// The inventory of every asset.
  ///
  /// Where a remote is named for a storage account, one listing of it tells of every file. Elsewhere a service says nothing
  /// of files, and looking costs a write for each asset: they are looked at when their asset or its locators change, and
  /// whenever somebody asks for it.
  func listContents() async throws -> [ListedResource] {
    if marks.assets == nil {
      try await list(
        capabilities.kinds.intersection([.asset, .assetTrack, .streamingLocator]),
        for: ListingPurpose { _ in false }
      ) { _ in }
    }
    let assets = marks.assets ?? []
    var listings: [String: [String: ObservationStamp]] = [:]
    var listed: [ListedResource] = []
    listed.reserveCapacity(assets.count)
    for asset in assets {
      try cancellation.check()
      let key = ListingKey.text(ResourceID(kind: .content, assetName: nil, name: asset.name))
      guard let account = asset.storageAccount?.lowercased(), let storage = try containers.storage(account)
      else {
        listed.append(ListedResource(kind: .content, key: key, stamp: asset.stamp))
        continue
      }
      if listings[account] == nil {
        listings[account] = try await patiently("the list of storage account \(account)") {
          try stamps(in: storage)
        }
      }
      // One that lies deeper than the listing shows, or is not there at all, is told when it is read.
      let stamp = asset.container.flatMap { listings[account]?[$0] } ?? .unknown
      listed.append(ListedResource(kind: .content, key: key, stamp: stamp))
    }
    return listed
  }

  /// What the files of each container of a storage account are known by.
  private func stamps(in storage: RcloneRemote) throws -> [String: ObservationStamp] {
    var stamps: [String: SIMD4<UInt64>] = [:]
    do throws(RcloneError) {
      for file in try Rclone(stopping: isCancelled).list(storage) {
        guard let slash = file.path.utf8.firstIndex(of: UInt8(ascii: "/")) else { continue }
        let text = [file.path, String(file.size), file.md5 ?? "", file.modified ?? ""].joined(separator: "\n")
        // In whatever order they come.
        stamps[String(file.path[..<slash]), default: .zero] &+= ListingMarks.stamp(of: Array(text.utf8)).words
      }
    } catch { throw ContentError(error) }
    return stamps.mapValues(ObservationStamp.init)
  }

  /// The files of an asset as a document; nil where it has none yet, or is gone.
  func contents(ofAsset name: String) async throws -> JSONObject? {
    let id = ResourceID(kind: .asset, assetName: nil, name: name)
    guard let remote = try await readable(id) else { return nil }
    do {
      let inventory = try await patiently("the files of \(id.summary)") {
        try ContentScan.inventory(of: .remote(remote), isCancelled: isCancelled)
      }
      return inventory.files.isEmpty ? nil : inventory.document(ofAsset: name)
    } catch let error as ContentError {
      guard error.code == .notFound else { throw error }
      // Storage that is not there is no deletion.
      throw AccountError(
        .missing, "the container of \(id.summary), \(remote), is not there",
        hint: "bring its storage back; if the asset is to go, delete it, too")
    }
  }

  /// Looks at storage again and again while it asks for fewer requests, within the deadline of one operation.
  private func patiently<Result>(_ what: String, _ look: () throws -> Result) async throws -> Result {
    let began = client.clock.now()
    for attempt in 0... {
      do { return try look() } catch let error as ContentError {
        let now = client.clock.now()
        guard error.code == .busy, now - began < settings.deadlineSeconds else { throw error }
        // No sooner than after a second: the storage says no time that the program passes on.
        let wait = 1 + RetryTable.backoffSeconds(attempt: attempt, random: client.clock.random())
        let failure = ServiceFailure(
          effect: .refused(status: 429), error: AccountError(.io, "\(what): \(error.message)"))
        notices.trying(
          Tries.Pause(
            seconds: wait, isAskedFor: false, failure: failure, vainSeconds: now - began + wait,
            end: began + settings.deadlineSeconds), now: now)
        try await client.clock.wait(wait, until: cancellation)
      }
    }
    return try look()
  }

  /// The container of an asset, for reading; asks for the asset only where no list has shown it.
  private func readable(_ id: ResourceID) async throws -> RcloneRemote? {
    if let asset = marks.asset(id.name) {
      return try await containers.remote(
        of: id, in: asset.container, storageAccount: asset.storageAccount, for: .read)
    }
    guard let document = try await redacted(id) else { return nil }
    return try await containers.remote(of: normalised(document, id), for: .read)
  }

  // MARK: Changing

  package func replaceContent(
    of asset: Resource, for locators: [Resource], by fill: @Sendable (ContentStage) throws -> Void
  ) async throws {
    guard let remote = try await containers.remote(of: asset, for: .change) else { throw gone(asset.id) }
    try fill(.remote(remote))
    // Emptying it may have taken it away, in storage without folders.
    let files = try ContentScan.present(at: .remote(remote), isCancelled: isCancelled).files
    guard files.contains(where: { $0.path.lowercased().hasSuffix(".ism") }) else { return }
    packaged.insert(asset.id.name)
    for locator in try await locatorNames(of: asset.id) { try await awaitPaths(ofLocator: locator) }
  }

  package func removeContent(of asset: Resource) async throws {
    try await checkUnused(asset.id)
    guard let remote = try await containers.remote(of: asset, for: .change) else { return }
    try remote.removeFiles(isCancelled: isCancelled)
  }

  package func recover() async throws {}

  package func unfinished() async throws -> [ResourceID] { [] }

  /// Nothing to do: a service answers when it has kept what was written.
  package func flush() async throws {}

  package func locatorsNeedingKeyServer() async throws -> [ResourceID] { [] }

  package func publicationProblems() async throws -> [String] { [] }

  /// Nothing to do: the service looks at the times of its locators itself.
  package func settle() async throws -> Settlement { Settlement() }

  private func gone(_ asset: ResourceID) -> AccountError {
    AccountError(
      .missing, "\(asset.summary) is not in \(place)",
      hint: "take the account's state first: lockstep capture")
  }

  // MARK: What players find

  /// Waits until the service knows what to stream by a locator; it looks into a container only after a while.
  ///
  /// Told to a person where it does not: a locator that streams nothing yet is still the one that was asked for.
  func awaitPaths(ofLocator name: String) async throws {
    let id = ResourceID(kind: .streamingLocator, assetName: nil, name: name)
    let end = client.clock.now() + settings.deadlineSeconds
    for attempt in 0... {
      let answer = try await explained {
        try await client.send(
          ServiceRequest(
            method: .post, url: addresses.action(id, "listPaths"), effect: .read, billing: .write,
            what: "the paths of \(id.summary)"))
      }
      if answer.isAbsent || Self.hasPaths(answer) { return }
      let wait = RetryTable.backoffSeconds(attempt: attempt, random: client.clock.random())
      guard client.clock.now() + wait < end else { break }
      try await client.clock.wait(wait, until: cancellation)
    }
    notices.once(
      "warning: \(place) lists nothing to stream for \(id.summary) yet, though its files are there")
  }

  private static func hasPaths(_ answer: ServiceAnswer) -> Bool {
    let paths = (try? JSONValue.parse(answer.body))?["streamingPaths"]?.arrayValue ?? []
    return paths.contains { $0["paths"]?.arrayValue?.isEmpty == false }
  }
}
