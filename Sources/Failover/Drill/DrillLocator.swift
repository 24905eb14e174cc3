import CanonicalJSON
import Git
import MediaResources
import RegionRepository

/// What a drill has to know of one locator.
struct DrillLocator: Sendable {
  /// Where a player begins.
  enum Root: Sendable, Equatable {
    /// An HLS playlist.
    case playlist(String)
    /// A DASH manifest.
    case dash(String)
    /// A file that is played as it is.
    case file(String)
  }

  let name: String
  let streamingLocatorID: String
  /// Relative to the locator's address.
  let roots: [Root]
  /// The asset's inventory by path.
  let files: [String: ContentView.File]
  /// Why it is not drilled: time has not come, or is over.
  var skipped: String?
  /// What keeps it from being drilled.
  var problem: String?

  /// - Parameter now: seconds since 1970.
  init(_ resource: Resource, in mirrored: ObjectID?, source: some ObjectSource, now: Int64) throws {
    let view = StreamingLocatorView(resource)
    name = resource.id.name
    streamingLocatorID = (view.streamingLocatorID ?? "").lowercased()
    var files: [String: ContentView.File] = [:]
    if let asset = view.assetName,
      let inventory = try source.resource(
        ResourceID(kind: .content, assetName: nil, name: asset), in: mirrored)
    {
      for file in ContentView(inventory).files { files[file.path] = file }
    }
    self.files = files
    let policyName = view.streamingPolicyName ?? ""
    let policy = try source.resource(
      ResourceID(kind: .streamingPolicy, assetName: nil, name: policyName), in: mirrored)
    let encryptions = Self.encryptions(policy, named: policyName)
    roots = Self.roots(files.keys.sorted(), encryptions: encryptions)
    if let start = view.startTime.flatMap(UTCTime.seconds), now < start { skipped = "its start has not come" }
    if let end = view.endTime.flatMap(UTCTime.seconds), end <= now { skipped = "its end has passed" }
    if view.streamingLocatorID == nil {
      problem = "it has no streamingLocatorId"
    } else if files.isEmpty {
      problem = "no inventory says which files it serves (lockstep capture takes one)"
    } else if roots.isEmpty {
      problem =
        "its asset has no manifest (.m3u8, .mpd, .ism) that could be played under policy \(policyName)"
    }
  }

  /// How media is encrypted, as manifests' addresses name it: `cbc`, `cenc`, `cbcs-aapl`; empty for clear media.
  private static func encryptions(_ policy: Resource?, named name: String) -> [String] {
    switch name {
    case "Predefined_ClearKey": return ["cbc"]
    case "Predefined_MultiDrmCencStreaming": return ["cenc"]
    case "Predefined_MultiDrmStreaming": return ["cenc", "cbcs-aapl"]
    default:
      let words = [
        "envelopeEncryption": "cbc", "commonEncryptionCenc": "cenc", "commonEncryptionCbcs": "cbcs-aapl",
      ]
      return words.keys.sorted().compactMap { policy?.properties[$0] == nil ? nil : words[$0] }
    }
  }

  /// Manifests as they lie there, or those that a service makes of a server manifest; without any, clear files.
  private static func roots(_ paths: [String], encryptions: [String]) -> [Root] {
    func ending(in suffix: String) -> [String] { paths.filter { $0.lowercased().hasSuffix(suffix) } }
    var roots = ending(in: ".m3u8").map { Root.playlist($0) } + ending(in: ".mpd").map { Root.dash($0) }
    for path in ending(in: ".ism") {
      let words = encryptions.isEmpty ? [""] : encryptions.map { ",encryption=\($0)" }
      for word in words {
        if word != ",encryption=cenc" { roots.append(.playlist("\(path)/manifest(format=m3u8-cmaf\(word))")) }
        if word != ",encryption=cbcs-aapl" {
          roots.append(.dash("\(path)/manifest(format=mpd-time-cmaf\(word))"))
        }
      }
    }
    if roots.isEmpty, encryptions.isEmpty { roots = paths.map { Root.file($0) } }
    return roots
  }
}
