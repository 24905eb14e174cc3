/// Storage that rclone reaches: a remote, and a path in it.
///
/// A remote is either one that the person has configured for rclone, or made of options, which then stand nowhere but in
/// the environment of the one program that uses them.
package struct RcloneRemote: Sendable, Hashable {
  private enum Origin: Hashable {
    case configured(name: String)
    case options([String: String])
  }

  private let origin: Origin
  /// The path in the remote: the container, or what leads to it.
  package let path: String
  /// How messages name the place.
  package let label: String

  private init(_ origin: Origin, path: String, label: String) {
    self.origin = origin
    self.path = path
    self.label = label
  }

  /// A remote made of options.
  /// - Parameters:
  ///   - options: rclone's own, such as `type` and `sas_url`; all but the type are treated as secrets.
  ///   - label: how messages name the place; holds no secret.
  package init(options: [String: String], path: String, label: String) {
    self.init(.options(options), path: path, label: label)
  }

  /// A container of Azure Blob Storage that a signed URL opens.
  /// - Throws: `RcloneError` (`.invalid`) for a URL without a container or a signature; the URL is not shown.
  package init(azureContainer signedURL: String) throws(RcloneError) {
    let address = signedURL.prefix { $0 != "?" }
    guard let scheme = address.firstRange(of: "://"), signedURL.contains("?") else {
      throw RcloneError(.invalid, "the service gave an address of a container that is no signed URL")
    }
    let parts = address[scheme.upperBound...].split(separator: "/")
    // By its number a host has no account of its own: the account leads the path.
    let isNumber = parts.first.map(Self.isNumeric) ?? false
    guard parts.count == (isNumber ? 3 : 2), let container = parts.last else {
      throw RcloneError(.invalid, "the service gave an address that names no container: \(address)")
    }
    self.init(
      options: ["type": "azureblob", "sas_url": signedURL], path: String(container), label: String(address))
  }

  private static func isNumeric(_ host: Substring) -> Bool {
    host.hasPrefix("[") || host.prefix { $0 != ":" }.allSatisfy { $0 == "." || ($0.isASCII && $0.isNumber) }
  }

  /// A remote that the person has configured for rclone, given as `NAME:PATH`.
  /// - Throws: `RcloneError` (`.invalid`) for anything else; options within the name would show in arguments.
  package init(configured text: String) throws(RcloneError) {
    let name = text.prefix { $0 != ":" }
    let isName = name.utf8.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "_-.+@".utf8.contains(byte)
    }
    guard !name.isEmpty, name != text, isName, !name.hasPrefix("-") else {
      throw RcloneError(
        .invalid, "'\(name)' names no remote of rclone",
        hint: "give it as NAME:BUCKET, with a NAME that rclone listremotes shows")
    }
    self.init(.configured(name: String(name)), path: String(text.dropFirst(name.count + 1)), label: text)
  }

  /// A folder or container beneath this place.
  package func appending(_ component: String) -> RcloneRemote {
    func joined(_ base: String) -> String {
      base.isEmpty || base.hasSuffix("/") || base.hasSuffix(":") ? base + component : "\(base)/\(component)"
    }
    return RcloneRemote(origin, path: joined(path), label: joined(label))
  }

  // MARK: For the driver

  /// Whether rclone's own configuration says what the remote is.
  var isConfigured: Bool { if case .configured = origin { true } else { false } }

  /// How rclone is told the place.
  /// - Parameter name: what a remote of options is called in this run.
  func argument(calling name: String) -> String {
    switch origin {
    case .configured(let configured): "\(configured):\(path)"
    case .options: "\(name):\(path)"
    }
  }

  /// The variables that make the remote.
  func variables(calling name: String) -> [String: String] {
    guard case .options(let options) = origin else { return [:] }
    return Dictionary(
      uniqueKeysWithValues: options.map { ("RCLONE_CONFIG_\(name)_\($0.key)".uppercased(), $0.value) })
  }

  /// Whether the storage's own library tries again what failed: on top of that ten tries of rclone last eight minutes.
  var triesAgainByItself: Bool {
    if case .options(let options) = origin { options["type"] == "azureblob" } else { false }
  }

  /// What must stand in no message.
  var secrets: [String] {
    guard case .options(let options) = origin else { return [] }
    return options.filter { $0.key != "type" }.map(\.value)
  }
}

extension RcloneRemote: CustomStringConvertible {
  package var description: String { label }
}
