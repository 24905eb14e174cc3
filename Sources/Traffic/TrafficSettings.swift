import Git
package import HTTP
package import RegionRepository

/// The settings of a region repository's git configuration that say who carries its fleet's traffic.
///
///     git config lockstep.traffic haproxy
///     git config --add lockstep.haproxy.socket /run/haproxy/admin.sock
///
/// None of it ever stands in a tree: who can push must not redirect players.
package struct TrafficSettings: Sendable {
  /// Who carries traffic: `haproxy`, `traffic-manager` or `print`.
  package static let provider = "lockstep.traffic"
  /// The runtime socket of a HAProxy: a path, or HOST:PORT; may be set several times.
  package static let haproxySocket = "lockstep.haproxy.socket"
  /// The file from which a HAProxy takes what its servers were; the first one is that of the first socket, and so on.
  package static let haproxyStateFile = "lockstep.haproxy.stateFile"

  private let values: [String: [String]]
  /// Names and paths in messages.
  let place: String
  /// Where the file stands that keeps what was confirmed by hand.
  let recordsFile: String
  /// Files are relative to it.
  private let base: String

  /// - Throws: `GitError` where the configuration cannot be read.
  package init(of region: RegionRepository) throws {
    var values: [String: [String]] = [:]
    for (key, value) in try region.git.configEntries(matching: "lockstep.") {
      values[key.lowercased(), default: []].append(value)
    }
    self.values = values
    place = region.place
    base = region.place
    recordsFile = try region.stateFolder() + "/traffic-records.json"
  }

  /// The region as commands take it.
  var option: String { "-C \(ShellWord.quoted(place))" }

  /// All values of a setting.
  func all(_ key: String) -> [String] { values[key.lowercased()] ?? [] }

  /// The value of a setting that counts.
  func value(_ key: String) -> String? { all(key).last }

  /// The values of a setting that are paths of files, absolute.
  func paths(_ key: String) -> [String] { all(key).map { FilePaths.absolute($0, relativeTo: base) } }

  /// A setting that has to be there.
  func required(_ key: String, _ example: String) throws(TrafficError) -> String {
    guard let value = value(key), !value.isEmpty else {
      throw TrafficError(
        .badConfiguration, "the repository's configuration does not say \(key)",
        hint: "git -C \(ShellWord.quoted(place)) config \(key) \(example)")
    }
    return value
  }

  /// A number within a range, or nil where the setting is not made.
  func number(_ key: String, _ range: ClosedRange<Int>) throws(TrafficError) -> Int? {
    guard let text = value(key) else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw TrafficError(
        .badConfiguration,
        "\(key) is '\(text)'; a whole number from \(range.lowerBound) to \(range.upperBound) is wanted",
        hint: "git -C \(ShellWord.quoted(place)) config \(key) \(range.lowerBound)")
    }
    return number
  }

  /// Who carries the traffic.
  /// - Parameters:
  ///   - name: instead of the one that is set.
  ///   - transport: carries requests to a REST API.
  ///   - environment: reads a variable of the environment; a token may stand in one.
  ///   - say: shows a line to a person: that it waits.
  /// - Throws: `TrafficError` (`.badConfiguration`).
  package func provider(
    named name: String? = nil, transport: any HTTPTransport,
    environment: @escaping @Sendable (String) -> String?, notices say: @escaping @Sendable (String) -> Void
  ) throws(TrafficError) -> any TrafficProvider {
    let wanted: String
    if let name { wanted = name } else { wanted = try required(Self.provider, "haproxy") }
    switch wanted {
    case HAProxyProvider.name: return try HAProxyProvider(self)
    case TrafficManagerProvider.name:
      return try TrafficManagerProvider(
        self, transport: transport, environment: environment,
        sleep: { try await Task.sleep(for: .seconds($0)) }, notices: RetryNotices(say))
    case RecordsProvider.name: return RecordsProvider(file: recordsFile, option: option)
    default:
      throw TrafficError(
        .badConfiguration, "'\(wanted)' carries no traffic that this version knows",
        hint: "git \(option) config \(Self.provider) haproxy; or in its place traffic-manager, or print")
    }
  }
}
