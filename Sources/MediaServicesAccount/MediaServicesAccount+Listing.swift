import CanonicalJSON
package import LiveAccount
package import MediaResources

extension MediaServicesAccount {
  package func list(_ kind: ResourceKind) async throws -> [ListedResource] {
    try await list(kind, for: ListingPurpose { _ in false })
  }

  package func list(_ kind: ResourceKind, for purpose: ListingPurpose) async throws -> [ListedResource] {
    if kind == .content { return try await listContents() }
    // Of no use where files are left to others.
    let marksFiles = capabilities.kinds.contains(.content)
    var assets: [ListingMarks.Asset] = []
    var published: [(asset: String, stamp: ObservationStamp)] = []
    var listed: [ListedResource] = []
    // A listing is no snapshot: what moves while it is read may come twice.
    var seen: Set<String> = []
    func take(_ items: [JSONObject], asset: String?) throws(AccountError) {
      for var item in items {
        if kind.isChildOfAsset { item["assetName"] = asset.map { .string($0) } }
        guard let name = item["name"]?.stringValue, !name.isEmpty else {
          throw AccountError(.invalid, "\(place) lists one of its \(kind.rawValue) without a name")
        }
        if kind == .streamingPolicy, StreamingPolicyView.isPredefined(name) { continue }
        noteEncryption(of: item, kind)
        notePolicy(item, kind)
        let id = ResourceID(kind: kind, assetName: asset, name: name)
        let key = ListingKey.text(id)
        guard seen.insert(key).inserted else { continue }
        // What an item is known by: everything that the service says of it.
        let bytes = JSONValue.object(item).compactBytes()
        let stamp = ListingMarks.stamp(of: bytes)
        let resource = ListedResource(kind: kind, key: key, stamp: stamp)
        listed.append(resource)
        if kind == .asset, marksFiles {
          assets.append(ListingMarks.Asset(name: name, item: item, stamp: stamp))
        }
        if kind == .streamingLocator, marksFiles, let asset = item["properties"]?["assetName"]?.stringValue {
          published.append((asset, stamp))
        }
        if purpose.wants(resource) { noted.note(resource.key, bytes) }
      }
    }
    if kind.isChildOfAsset {
      let earlier = settings[.childLists] == "changed" ? EarlierChildren(kind, purpose) : nil
      try await eachPage(of: .asset, asset: nil) { page in
        var names: [String] = []
        for item in page {
          if let children = earlier?.children(of: item) {
            listed += children.filter { seen.insert($0.key).inserted }
          } else if let name = item["name"]?.stringValue {
            names.append(name)
          }
        }
        for (asset, children) in try await children(kind, of: names) { try take(children, asset: asset) }
      }
    } else {
      try await eachPage(of: kind, asset: nil) { try take($0, asset: nil) }
    }
    if kind == .asset, marksFiles { marks.note(assets: assets) }
    if kind == .assetTrack, marksFiles { marks.note(tracks: Self.tracks(listed)) }
    if kind == .streamingLocator, marksFiles { marks.note(locators: published) }
    return listed
  }

  private static func tracks(
    _ listed: [ListedResource]
  ) -> [(asset: String, stamp: ObservationStamp)] {
    listed.compactMap { track in
      ListingKey.id(track.key)?.assetName.map { (asset: $0, stamp: track.stamp) }
    }
  }

  /// Whether a locator has keys follows from its policy, of which a list says all.
  private func notePolicy(_ item: JSONObject, _ kind: ResourceKind) {
    guard kind == .streamingPolicy, let policy = try? NormalForm.normalise(item, kind: kind) else { return }
    policies[policy.id.name] = StreamingPolicyView(policy)
  }

  /// Assets that an older version of the service encrypted in storage play in their own account only.
  private func noteEncryption(of item: JSONObject, _ kind: ResourceKind) {
    guard kind == .asset, let name = item["name"]?.stringValue,
      item["properties"]?["storageEncryptionFormat"]?.stringValue == "MediaStorageClientEncryption"
    else { return }
    notices.once(
      "warning: asset/\(name) is encrypted in storage with a key of this account alone: no other region can play a"
        + " copy of its files")
  }

  // MARK: Pages

  /// The children of some assets, a few assets at once.
  private func children(
    _ kind: ResourceKind, of assets: [String]
  ) async throws -> [(asset: String, children: [JSONObject])] {
    try await withThrowingTaskGroup(of: (Int, [JSONObject]).self) { group in
      var results = [[JSONObject]](repeating: [], count: assets.count)
      var next = 0
      var running = 0
      while next < assets.count || running > 0 {
        while running < settings.concurrency, next < assets.count {
          group.addTask { [next] in
            let children = Collected()
            try await self.eachPage(of: kind, asset: assets[next]) { await children.append($0) }
            return (next, await children.items)
          }
          next += 1
          running += 1
        }
        guard let (index, children) = try await group.next() else { break }
        results[index] = children
        running -= 1
      }
      return zip(assets, results).map { ($0, $1) }
    }
  }

  /// Items of several pages.
  private actor Collected {
    private(set) var items: [JSONObject] = []

    func append(_ more: [JSONObject]) { items += more }
  }

  /// Goes through a list page by page, and keeps one page at a time.
  private func eachPage(
    of kind: ResourceKind, asset: String?, _ body: ([JSONObject]) async throws -> Void
  ) async throws {
    let what = "the list of \(kind.rawValue)\(asset.map { " of asset/\($0)" } ?? "")"
    var url: String? = addresses.list(kind, asset: asset)
    var seen: Set<String> = []
    var count: Int64 = 0
    while let address = url {
      try cancellation.check()
      guard seen.insert(address).inserted else {
        throw AccountError(.invalid, "\(what): \(place) leads back to a page that was read already")
      }
      let answer = try await explained {
        try await client.send(
          ServiceRequest(method: .get, url: address, effect: .read, billing: .read, what: what))
      }
      // An asset that has gone meanwhile has no children.
      if answer.isAbsent, asset != nil { return }
      let page = try page(answer, what)
      count += Int64(page.items.count)
      try await body(page.items)
      url = try page.next.map { try PageLink.resolve($0, from: address, settings: settings) }
      if url == nil, let total = page.total, total > count {
        throw AccountError(
          .invalid, "\(what): \(place) gave \(count) of \(total) and no link to the others")
      }
    }
  }

  private func page(
    _ answer: ServiceAnswer, _ what: String
  ) throws(AccountError) -> (items: [JSONObject], next: String?, total: Int64?) {
    let document: JSONValue
    do { document = try JSONValue.parse(answer.body) } catch {
      throw AccountError(.invalid, "\(what): \(place) answered what is no JSON (\(error))")
    }
    guard !answer.isAbsent, let values = document["value"]?.arrayValue else {
      throw AccountError(
        .invalid, "\(what): \(place) answered without a list",
        hint: "look at the account's settings: git config --get-regexp '^lockstep.mediaservices'")
    }
    let items = values.compactMap(\.objectValue)
    guard items.count == values.count else {
      throw AccountError(.invalid, "\(what): \(place) lists something that is no resource")
    }
    let next = (document["@odata.nextLink"] ?? document["nextLink"])?.stringValue
    return (
      items, next?.isEmpty == true ? nil : next,
      document["supplemental"]?["pagination"]?["total"]?.int64Value
    )
  }
}
