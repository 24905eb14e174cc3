import HTTP
import MediaResources
import RegionRepository
import StreamingMedia

/// Plays one locator in a drill, as far as bytes can tell.
struct DrillPlayer {
  private let locator: DrillLocator
  private let routes: DrillRoutes
  private let primary: DrillPrimary?
  private let settings: Drill.Settings
  private let fetcher: Fetcher
  private let clock = ContinuousClock()
  private let begun: ContinuousClock.Instant
  private var report: LocatorReport
  private var seen: Set<String> = []
  /// What key delivery gave, by address; nil where it gave none.
  private var keys: [String: [UInt8]?] = [:]

  /// What stands before the locator's files in the addresses of players.
  private var base: String { "\(routes.originBase)\(locator.streamingLocatorID)/" }

  init(
    _ locator: DrillLocator, routes: DrillRoutes, primary: DrillPrimary?, settings: Drill.Settings,
    fetcher: Fetcher
  ) {
    self.locator = locator
    self.routes = routes
    self.primary = primary
    self.settings = settings
    self.fetcher = fetcher
    report = LocatorReport(locator)
    begun = clock.now
  }

  mutating func play() async -> LocatorReport {
    guard report.skipped == nil, report.problems.isEmpty else { return report }
    var files = 0
    for root in locator.roots {
      switch root {
      case .playlist(let path): await playlist(address(of: path))
      case .dash(let path): await dash(address(of: path))
      case .file(let path):
        files += 1
        if settings.segments.map({ files <= $0 }) ?? true { _ = await segment(address(of: path), range: nil) }
      }
    }
    if report.files == 0, report.problems.isEmpty { report.fail("nothing of it could be fetched") }
    report.total = clock.now - begun
    return report
  }

  private func address(of path: String) -> String { base + DrillPath.encode(path) }

  /// A file as messages name it: relative to the locator where it lies there.
  private func name(of address: String) -> String {
    address.hasPrefix(base) ? DrillPath.decode(address.dropFirst(base.utf8.count)) : address
  }

  // MARK: Manifests

  private mutating func playlist(_ address: String) async {
    guard seen.insert(address).inserted else { return }
    guard let bytes = await fetch(address, range: nil, isKey: false) else { return }
    let list: HLSPlaylist
    do { list = try HLSPlaylist(text: String(decoding: bytes, as: UTF8.self)) } catch {
      return report.fail("\(name(of: address)):\(error.line): \(error.message)")
    }
    if report.manifest == nil { report.manifest = clock.now - begun }
    for (uri, _) in list.playlists {
      if let next = resolve(uri, in: address) { await self.playlist(next) }
    }
    let segments = list.items.filter { $0.sequence != nil }
    if list.playlists.isEmpty, segments.isEmpty { report.fail("\(name(of: address)) names no segment") }
    var opened: HLSPlaylist.Key?
    for item in list.items.filter({ $0.sequence == nil }) + DrillPath.spread(segments, settings.segments) {
      guard let place = resolve(item.uri, in: address) else { continue }
      let opening = await key(of: item, in: address)
      guard let bytes = await segment(place, range: item.byteRange) else { continue }
      // The first segment under each key is opened, and every map.
      guard let opening, item.key != opened || item.sequence == nil, let vector = item.initializationVector
      else { continue }
      if item.sequence != nil { opened = item.key }
      let problem = SegmentCipher.problem(
        count: Int64(bytes.count), head: Array(bytes.prefix(SegmentCipher.headBytes)),
        tail: Array(bytes.suffix(32)),
        key: opening, vector: vector)
      if let problem { report.fail("\(name(of: place)) \(problem) of \(item.key?.uri ?? "?")") }
    }
  }

  private mutating func dash(_ address: String) async {
    guard seen.insert(address).inserted else { return }
    guard let bytes = await fetch(address, range: nil, isKey: false) else { return }
    guard let manifest = DASHManifest(text: String(decoding: bytes, as: UTF8.self)) else {
      return report.fail("\(name(of: address)) is no DASH manifest")
    }
    if report.manifest == nil { report.manifest = clock.now - begun }
    for representation in manifest.representations {
      if representation.segments.isEmpty {
        report.fail("\(name(of: address)): representation \(representation.id) names no segment")
      }
      let segments = DrillPath.spread(representation.segments, settings.segments)
      for uri in [representation.initialization].compactMap(\.self) + segments {
        if let place = resolve(uri, in: address) { _ = await segment(place, range: nil) }
      }
    }
  }

  private mutating func resolve(_ uri: String, in address: String) -> String? {
    if let place = WebAddress.resolve(uri, against: address) { return place }
    report.fail("\(name(of: address)) names \(uri), which is no address")
    return nil
  }

  // MARK: Keys and segments

  /// The key that an item is under, as key delivery gives it; nil for none that could open it.
  private mutating func key(of item: HLSPlaylist.Item, in address: String) async -> [UInt8]? {
    guard let key = item.key, key.method != "NONE" else { return nil }
    guard key.method == "AES-128", let uri = key.uri else {
      report.note("under METHOD=\(key.method) nothing was opened: a licence server has the key")
      return nil
    }
    guard let place = resolve(uri, in: address) else { return nil }
    if let known = keys[place] { return known }
    keys[place] = .some(nil)
    guard let bytes = await fetch(place, range: nil, isKey: true) else { return nil }
    guard bytes.count == 16 else {
      report.fail("key \(uri) has \(bytes.count) bytes and not 16")
      return nil
    }
    keys[place] = bytes
    if report.key == nil { report.key = clock.now - begun }
    return bytes
  }

  private mutating func segment(_ address: String, range: Range<Int64>?) async -> [UInt8]? {
    guard seen.insert("\(address) \(range.map { "\($0)" } ?? "")").inserted else { return nil }
    guard let bytes = await fetch(address, range: range, isKey: false) else { return nil }
    if report.segment == nil { report.segment = clock.now - begun }
    return bytes
  }

  // MARK: Fetching

  private enum Fetched {
    case bytes([UInt8])
    case status(Int)
    case nothing(String)
  }

  /// Gets a file from the region, and compares it.
  private mutating func fetch(_ address: String, range: Range<Int64>?, isKey: Bool) async -> [UInt8]? {
    let what = isKey ? "key \(name(of: address))" : name(of: address)
    switch routes.place(of: address) {
    case .otherRegion(let region):
      report.fail(
        "\(what) is fetched from a server of region \(region) alone: players lose it with that region")
      return nil
    case .elsewhere(let host):
      report.note("\(what) was not fetched: \(host) is no host of the fleet")
      return nil
    case .target: break
    }
    switch await get(address, range: range, isKey: isKey, by: routes) {
    case .nothing(let reason):
      report.fail("\(what) cannot be fetched: \(reason)")
      return nil
    case .status(let status) where isKey && (status == 401 || status == 403):
      report.fail(
        settings.token == nil
          ? "\(what) wants a token: give one with --key-token-file"
          : "\(what) is refused with this token (\(status))")
      return nil
    case .status(let status):
      report.fail("\(what) is missing: \(settings.region) answers \(status)")
      return nil
    case .bytes(let bytes):
      report.files += 1
      report.bytes += Int64(bytes.count)
      if !isKey, range == nil { compareWithInventory(bytes, name(of: address)) }
      await compareWithPrimary(bytes, address, range: range, isKey: isKey, what)
      return bytes
    }
  }

  private func get(
    _ address: String, range: Range<Int64>?, isKey: Bool, by routes: DrillRoutes
  ) async -> Fetched {
    var address = address
    for _ in 0..<5 {
      guard case .target(let place) = routes.place(of: address) else {
        return .nothing("it redirects to \(address), which is no server of the region")
      }
      let answer: Fetcher.Answer
      do {
        answer = try await fetcher.get(place, range: range, bearer: isKey ? settings.token?.reveal() : nil)
      } catch { return .nothing(error.reason) }
      switch answer.status {
      case 200:
        // A server that knows no ranges sends all of it.
        guard let range else { return .bytes(answer.body) }
        let count = Int64(answer.body.count)
        guard range.upperBound <= count else {
          return .nothing("it has \(count) bytes and not \(range.upperBound)")
        }
        return .bytes(Array(answer.body[Int(range.lowerBound)..<Int(range.upperBound)]))
      case 206 where range != nil: return .bytes(answer.body)
      case 301, 302, 303, 307, 308:
        guard let location = answer.location, let next = WebAddress.resolve(location, against: place) else {
          return .nothing("it redirects nowhere")
        }
        address = next
      case let status: return .status(status)
      }
    }
    return .nothing("it redirects too often")
  }

  // MARK: Comparing

  private mutating func compareWithInventory(_ bytes: [UInt8], _ name: String) {
    guard let file = locator.files[name] else { return }
    if file.size != Int64(bytes.count) {
      report.fail("\(name) has \(bytes.count) bytes, the inventory says \(file.size)")
    } else if let wanted = file.sha256, wanted.lowercased() != DrillPath.digest(bytes) {
      report.fail(
        "\(name) has SHA-256 \(DrillPath.digest(bytes).prefix(12))…, the inventory says \(wanted.prefix(12))…"
      )
    }
  }

  private mutating func compareWithPrimary(
    _ bytes: [UInt8], _ address: String, range: Range<Int64>?, isKey: Bool, _ what: String
  ) async {
    guard let primary, await primary.whyGone == nil else { return }
    switch await get(address, range: range, isKey: isKey, by: primary.routes) {
    case .nothing(let reason): await primary.gone(reason)
    case .status(let status): report.note("\(what) was not compared: the primary answers \(status)")
    case .bytes(let theirs):
      report.compared += 1
      guard theirs != bytes else { return }
      if isKey {
        report.fail("\(what) is not the primary's")
      } else {
        let digests = [bytes, theirs].map { DrillPath.digest($0).prefix(12) }
        report.fail(
          "\(what) is not the primary's: \(bytes.count) bytes with SHA-256 \(digests[0])…, there \(theirs.count) with"
            + " \(digests[1])…")
      }
    }
  }
}
