import ArgumentParser
import MediaServicesEndpoint
import RegionRepository

/// Where an endpoint listens, and who may call it.
struct ServiceOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Where to listen; port 0 takes any that is free.", valueName: "address:port"))
  var listen = "127.0.0.1:8080"

  @Option(help: ArgumentHelp("A file with the bearer token that callers must bring.", valueName: "file"))
  var tokenFile: String?

  @Option(name: .customLong("tls-cert"), help: ArgumentHelp("A certificate chain in PEM.", valueName: "file"))
  var tlsCertificate: String?

  @Option(name: .customLong("tls-key"), help: ArgumentHelp("Its private key in PEM.", valueName: "file"))
  var tlsKey: String?

  @Option(help: ArgumentHelp("How long a long-running operation takes.", valueName: "seconds"))
  var operationSeconds = 0.2

  @Option(help: ArgumentHelp("How long a write waits for another program's work.", valueName: "seconds"))
  var lockSeconds = 20.0

  @Option(help: ArgumentHelp("How many resources a page of a list has.", valueName: "count"))
  var pageSize = 1000

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "Lower a limit of the service: \(EndpointLimits.names.joined(separator: ", ")).",
      valueName: "name=count"))
  var limit: [String] = []

  func validate() throws {
    guard operationSeconds >= 0, lockSeconds >= 0, pageSize > 0 else {
      throw ValidationError("Seconds are not negative, and a page has at least one resource.")
    }
    guard (tlsCertificate == nil) == (tlsKey == nil) else {
      throw ValidationError("--tls-cert and --tls-key belong together.")
    }
    _ = try address()
    _ = try chosenLimits()
  }

  /// The endpoint's settings.
  /// - Throws: `ValidationError` for an address beyond this machine without a token; `RegionError` for files that cannot
  ///   be read.
  func settings() throws -> EndpointSettings {
    let (host, port) = try address()
    var settings = EndpointSettings(host: host, port: port)
    if let tokenFile {
      let bytes = try Self.read(tokenFile)
      let text = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
      guard text.count == 1, let token = text.first.flatMap({ BearerToken($0) }) else {
        throw RegionError(
          .badConfiguration, "\(tokenFile) does not hold one token",
          hint: "openssl rand -hex 32 > \(tokenFile)")
      }
      settings.token = token
    } else if !Self.isLoopback(host) {
      throw RegionError(
        .refused, "\(host) can be reached from other machines, and no token protects what is served",
        hint: "openssl rand -hex 32 > token && lockstep serve --listen \(listen) --token-file token")
    }
    if let tlsCertificate, let tlsKey {
      for file in [tlsCertificate, tlsKey] { _ = try Self.read(file) }
      settings.tls = (tlsCertificate, tlsKey)
    }
    settings.operationSeconds = operationSeconds
    settings.pageSize = pageSize
    settings.limits = try chosenLimits()
    return settings
  }

  private static func read(_ path: String) throws(RegionError) -> [UInt8] {
    guard let bytes = FilePaths.read(path) else {
      throw RegionError(.badConfiguration, "cannot read \(path)", hint: "check the path and who may read it")
    }
    return bytes
  }

  /// Splits `HOST:PORT`, `[IPv6]:PORT`, or a port alone.
  private func address() throws -> (host: String, port: Int) {
    let colon = listen.lastIndex(of: ":")
    let portText = colon.map { listen[listen.index(after: $0)...] } ?? listen[...]
    var host = colon.map { String(listen[..<$0]) } ?? "127.0.0.1"
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    guard let port = Int(portText), (0...65_535).contains(port), !host.isEmpty else {
      throw ValidationError("--listen takes ADDRESS:PORT, such as 127.0.0.1:8080 or [::1]:8080.")
    }
    return (host, port)
  }

  private static func isLoopback(_ host: String) -> Bool {
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return host == "localhost" || host == "::1"
      || parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  private func chosenLimits() throws -> EndpointLimits {
    var chosen = EndpointLimits()
    for text in limit {
      let parts = text.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, let count = Int(parts[1]), count >= 0, chosen.lower(String(parts[0]), to: count)
      else {
        throw ValidationError("--limit takes NAME=COUNT, not '\(text)'.")
      }
    }
    return chosen
  }
}
