import HTTP
import LiveAccount

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
      try Self.check(
        text, "the variable \(name)", "export it anew: export \(name)=\"$(tr -d '\\r\\n' < FILE)\"")
      return ServiceSecret(text)
    case .file(let path, _):
      let text: String
      do throws(OwnersFile.Problem) { text = try OwnersFile.read(path) } catch {
        throw AccountError(.refused, error.message, hint: error.hint)
      }
      try Self.check(text, "the file \(path)", "put the secret there anew, on one line")
      return ServiceSecret(text)
    }
  }

  /// Refuses what no header can carry, before it is sent in vain again and again.
  private static func check(_ text: String, _ place: String, _ hint: String) throws(AccountError) {
    guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return }
    throw AccountError(
      .refused, "the secret in \(place) holds a line break or another control character", hint: hint)
  }
}
