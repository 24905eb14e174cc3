import CanonicalJSON
package import LiveAccount
package import MediaResources

extension MediaServicesAccount {
  package func list(_ kind: ResourceKind) async throws -> [ListedResource] {
    let all = Collected<ListedResource>()
    try await list([kind], for: ListingPurpose { _ in false }) { await all.append($0) }
    return await all.items
  }

  /// Lists page by page, each kind's list by itself; the children of assets page by page of their assets, whose list is read
  /// once for all.
  package func list(
    _ kinds: Set<ResourceKind>, for purpose: ListingPurpose,
    taking take: @escaping @Sendable ([ListedResource]) async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for kind in kinds where kind != .content && kind != .asset && !kind.isChildOfAsset {
        group.addTask { try await list(kind, for: purpose, taking: take) }
      }
      let children = kinds.filter(\.isChildOfAsset).sorted()
      if kinds.contains(.asset) || !children.isEmpty {
        group.addTask {
          try await listAssets(isWanted: kinds.contains(.asset), with: children, for: purpose, taking: take)
        }
      }
      try await group.waitForAll()
    }
    if kinds.contains(.content) { try await take(listContents()) }
  }

  private func list(
    _ kind: ResourceKind, for purpose: ListingPurpose,
    taking take: @Sendable ([ListedResource]) async throws -> Void
  ) async throws {
    var list = ItemList(kind, in: self, for: purpose)
    var marked: [[UInt8]: SIMD4<UInt64>] = [:]
    try await eachPage(of: kind, asset: nil) { page in
      try await take(
        list.take(page) { resource, item in
          guard marksFiles, kind == .streamingLocator,
            let asset = item["properties"]?["assetName"]?.stringValue
          else { return }
          marked[Array(asset.utf8), default: .zero] &+= resource.stamp.words
        })
    }
    if kind == .streamingLocator, marksFiles { marks.note(locators: marked) }
  }

  private func listAssets(
    isWanted: Bool, with children: [ResourceKind], for purpose: ListingPurpose,
    taking take: @Sendable ([ListedResource]) async throws -> Void
  ) async throws {
    var list = ItemList(.asset, in: self, for: purpose)
    var lists = children.map { ItemList($0, in: self, for: purpose) }
    let earlier = children.map {
      settings[.childLists] == "changed" ? EarlierChildren($0, purpose) : nil
    }
    var marked: [ListingMarks.Asset] = []
    var tracked: [[UInt8]: SIMD4<UInt64>] = [:]
    try await eachPage(of: .asset, asset: nil) { page in
      if isWanted {
        try await take(
          list.take(page) { resource, item in
            guard marksFiles, let name = item["name"]?.stringValue else { return }
            marked.append(ListingMarks.Asset(name: name, item: item, stamp: resource.stamp))
          })
      }
      for (number, kind) in children.enumerated() {
        var portion: [ListedResource] = []
        var names: [String] = []
        for item in page {
          if let known = earlier[number]?.children(of: item) {
            portion += lists[number].take(known)
          } else if let name = item["name"]?.stringValue {
            names.append(name)
          }
        }
        for (asset, items) in try await self.children(kind, of: names) {
          portion += try lists[number].take(items, asset: asset)
        }
        if kind == .assetTrack, marksFiles {
          for track in portion {
            guard let asset = ListingKey.id(track.key)?.assetName else { continue }
            tracked[Array(asset.utf8), default: .zero] &+= track.stamp.words
          }
        }
        if !portion.isEmpty { try await take(portion) }
      }
    }
    if isWanted, marksFiles { marks.note(assets: marked) }
    if children.contains(.assetTrack), marksFiles { marks.note(tracks: tracked) }
  }

  /// Whether what lists say of assets and locators is kept, to tell whose files may have changed: of no use where files are
  /// left to others.
  private var marksFiles: Bool { capabilities.kinds.contains(.content) }

  /// One list, as its items come.
  private struct ItemList {
    private let kind: ResourceKind
    private let account: MediaServicesAccount
    private let purpose: ListingPurpose
    /// A listing is no snapshot: what moves while it is read may come twice.
    private var seen = TextSet()

    init(_ kind: ResourceKind, in account: MediaServicesAccount, for purpose: ListingPurpose) {
      self.kind = kind
      self.account = account
      self.purpose = purpose
    }

    /// What some items stand for, each told to `note`.
    mutating func take(
      _ items: [JSONObject], asset: String? = nil, note: (ListedResource, JSONObject) -> Void = { _, _ in }
    ) throws(AccountError) -> [ListedResource] {
      var listed: [ListedResource] = []
      for var item in items {
        if kind.isChildOfAsset { item["assetName"] = asset.map { .string($0) } }
        guard let name = item["name"]?.stringValue, !name.isEmpty else {
          throw AccountError(.invalid, "\(account.place) lists one of its \(kind.rawValue) without a name")
        }
        if kind == .streamingPolicy, StreamingPolicyView.isPredefined(name) { continue }
        account.noteEncryption(of: item, kind)
        account.notePolicy(item, kind)
        let key = ListingKey.text(ResourceID(kind: kind, assetName: asset, name: name))
        guard seen.insert(key) else { continue }
        // What an item is known by: everything that the service says of it.
        let bytes = JSONValue.object(item).compactBytes()
        let resource = ListedResource(kind: kind, key: key, stamp: ListingMarks.stamp(of: bytes))
        listed.append(resource)
        note(resource, item)
        if purpose.wants(resource) { account.noted.note(resource.key, bytes) }
      }
      return listed
    }

    /// Those of some listed resources that did not come before.
    mutating func take(_ known: [ListedResource]) -> [ListedResource] {
      var new: [ListedResource] = []
      for resource in known where seen.insert(resource.key) { new.append(resource) }
      return new
    }
  }

  /// Whether a locator has keys follows from its policy, of which a list says all.
  fileprivate func notePolicy(_ item: JSONObject, _ kind: ResourceKind) {
    guard kind == .streamingPolicy, let policy = try? NormalForm.normalise(item, kind: kind) else { return }
    policies[policy.id.name] = StreamingPolicyView(policy)
  }

  /// Assets that an older version of the service encrypted in storage play in their own account only.
  fileprivate func noteEncryption(of item: JSONObject, _ kind: ResourceKind) {
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
            let children = Collected<JSONObject>()
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
  private actor Collected<Item: Sendable> {
    private(set) var items: [Item] = []

    func append(_ more: [Item]) { items += more }
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
      let complaint = ServiceComplaint(answer.body)
      throw AccountError(
        .invalid,
        "\(what): \(place) answered without a list" + (complaint.isEmpty ? "" : ": \(complaint.summary)"),
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
