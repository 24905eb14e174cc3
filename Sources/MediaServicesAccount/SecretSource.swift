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
      return ServiceSecret(text)
    case .file(let path, _):
      do throws(OwnersFile.Problem) { return ServiceSecret(try OwnersFile.read(path)) } catch {
        throw AccountError(.refused, error.message, hint: error.hint)
      }
    }
  }
}
