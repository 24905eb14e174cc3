import Git
import HTTP
import LiveAccount
import MediaResources
import RegionRepository
import Sealing

extension Readiness {
  /// Whether a service answers as players need it, at the region's own server.
  func serving(_ service: Fleet.Service, _ scene: Scene) async -> ReadinessCheck {
    let name = service == .origin ? "origin" : "key-delivery"
    guard let target = scene.fleet.target(of: service, in: region.name), let web else {
      return .skipped(
        name, "the fleet does not say where \(region.name) serves it",
        hint: scene.primaryFleet?.target(of: service, in: region.name) == nil
          ? "lockstep fleet set \(region.name) --\(name) URL \(scene.fleet.primaryOption)"
          : "\(scene.fleet.primary) says it: lockstep mirror -C \(region.shellPlace)")
    }
    let base = target.text + (scene.fleet.traffic(of: service)?.path ?? "/")
    return await check(name) {
      var problems: [String] = []
      var asked = 0
      let needsTokens = Set(try await account.locatorsNeedingKeyServer())
      for locator in try due(scene) {
        guard options.asksForAll || asked < Self.sampleSize else { break }
        try cancellation.check()
        switch service {
        case .origin:
          guard let path = try playable(locator, scene) else { continue }
          asked += 1
          if let problem = await ask(base + path, web) {
            problems.append("\(locator.id.summary): \(problem)")
          }
        case .keyDelivery:
          for key in try StreamingLocatorView(scene.keyring.open(locator)).contentKeys {
            asked += 1
            let value = needsTokens.contains(locator.id) ? nil : key.value
            if let problem = await askKey(base + key.id.lowercased(), value, web) {
              problems.append("\(locator.id.summary): \(problem)")
            }
          }
        }
      }
      let what = service == .origin ? "locators" : "keys"
      guard problems.isEmpty else {
        return .notReady(
          name, "\(target) does not serve \(problems.count) of \(asked) \(what)", problems,
          hint: "see to the server, then: lockstep apply -C \(region.shellPlace)")
      }
      return .ready(name, asked == 0 ? "there is nothing to serve" : "\(target) serves \(asked) \(what)")
    }
  }

  /// The locators whose time it is.
  private func due(_ scene: Scene) throws -> [Resource] {
    try paths(of: .streamingLocator, in: scene.mirrored).compactMap { path in
      guard let bytes = try region.git.file(path, in: scene.mirrored) else { return nil }
      let locator = try MirroredDocument.resource(bytes: bytes, path: path)
      let view = StreamingLocatorView(locator)
      if let start = view.startTime.flatMap({ UTCTime.seconds($0) }), start > now { return nil }
      if let end = view.endTime.flatMap({ UTCTime.seconds($0) }), end <= now { return nil }
      return locator
    }
  }

  /// What a player asks for first: the manifest; where there is none, any file.
  private func playable(_ locator: Resource, _ scene: Scene) throws -> String? {
    let view = StreamingLocatorView(locator)
    guard let id = view.streamingLocatorID, let asset = view.assetName else { return nil }
    let inventory = try region.git.resource(
      ResourceID(kind: .content, assetName: nil, name: asset), in: scene.mirrored)
    let files = inventory.map { ContentView($0).files.map(\.path) } ?? []
    let manifest = files.first { path in Self.manifests.contains { path.hasSuffix($0) } }
    let isClear = view.streamingPolicyName.flatMap { StreamingPolicyView.predefined($0) }.map {
      !$0.isEncrypting
    }
    guard let file = manifest ?? (isClear == true ? files.first : nil) else { return nil }
    return "\(id.lowercased())/" + file.utf8.map(Self.escaped).joined()
  }

  private static let manifests = [".m3u8", ".mpd", ".ism"]

  /// A byte of a path as it stands in a URL.
  private static func escaped(_ byte: UInt8) -> String {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "~"), UInt8(ascii: "/"):
      return String(UnicodeScalar(byte))
    default: return "%" + Hexadecimal.text([byte]).uppercased()
    }
  }

  private func ask(_ address: String, _ web: Fetcher) async -> String? {
    do throws(Fetcher.Problem) {
      let status = try await web.get(address, range: 0..<1024).status
      return status == 200 || status == 206 ? nil : "\(address) answers \(status)"
    } catch { return "\(address) does not answer: \(error.reason)" }
  }

  /// - Parameter value: the key in base64; nil for one that is delivered for a token only.
  private func askKey(_ address: String, _ value: String?, _ web: Fetcher) async -> String? {
    do throws(Fetcher.Problem) {
      let answer = try await web.get(address)
      let status = answer.status
      guard let value else {
        return (200..<500).contains(status) && status != 404 ? nil : "\(address) answers \(status)"
      }
      guard status == 200 else { return "\(address) answers \(status)" }
      return Base64.decode(value) == answer.body ? nil : "\(address) delivers another key"
    } catch { return "\(address) does not answer: \(error.reason)" }
  }
}
