import LiveAccount

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A secret that opens a service.
///
/// Its description does not show it.
struct ServiceSecret: Sendable, CustomStringConvertible, CustomReflectable {
  private let text: String

  init(_ text: String) { self.text = text }

  var description: String { "<secret>" }
  var customMirror: Mirror { Mirror(self, children: []) }

  /// The secret itself, for the request that needs it.
  func reveal() -> String { text }
}

/// Where a secret is to be found: never in the repository or its configuration.
enum SecretSource: Sendable {
  /// A variable of the environment; `setting` names a file instead.
  case environment(String, setting: Setting)
  /// A file that only its owner can read.
  case file(String, setting: Setting)

  /// Reads the secret anew.
  /// - Throws: `AccountError` saying where it was looked for.
  func read(environment: (String) -> String?) throws(AccountError) -> ServiceSecret {
    switch self {
    case .environment(let name, let setting):
      guard let text = environment(name), !text.isEmpty else {
        throw AccountError(
          .missing, "the variable \(name) with the secret for the service is not set",
          hint: "export \(name), or name a file with it: git config \(setting.key) FILE")
      }
      return ServiceSecret(text)
    case .file(let path, _): return ServiceSecret(try Self.read(path))
    }
  }

  private static func read(_ path: String) throws(AccountError) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw AccountError(
        .missing, "cannot read the secret in \(path): \(String(cString: strerror(errno)))",
        hint: "put it there, with mode 600")
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw AccountError(.invalid, "\(path) is no file with a secret")
    }
    guard status.st_mode & 0o077 == 0 else {
      throw AccountError(
        .refused, "others on this machine can read the secret in \(path)", hint: "chmod 600 \(path)")
    }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    var count = 0
    while count < bytes.count {
      let got = bytes.withUnsafeMutableBytes { buffer in
        #if canImport(Glibc)
          Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, buffer.count - count)
        #else
          Darwin.read(descriptor, buffer.baseAddress.map { $0 + count }, buffer.count - count)
        #endif
      }
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { break }
      count += got
    }
    let text = String(decoding: bytes[..<count], as: UTF8.self)
    let trimmed = text.split(whereSeparator: \.isWhitespace).joined()
    guard !trimmed.isEmpty else {
      throw AccountError(.missing, "the file \(path) holds no secret", hint: "put it there, with mode 600")
    }
    return trimmed
  }
}
