import CanonicalJSON
import LiveAccount

/// Why a request did not succeed.
struct ServiceFailure: Error, Sendable {
  /// What is known of its effect.
  enum Effect: Sendable {
    /// It had none: the service refused it.
    case refused(status: Int)
    /// Nobody knows: no answer came, or one that does not say.
    case unknown
  }

  /// What is known of its effect.
  let effect: Effect
  /// The failure in words.
  let error: AccountError
  /// The service's own code, where it gave one.
  var code: String?
}

/// What a service says of a failure: its code and its message, and nothing of the request.
struct ServiceComplaint: Sendable {
  let code: String?
  let message: String?

  /// Reads the error document of AMS, or of MK.IO, where `error` may be a plain text.
  init(_ body: [UInt8]) {
    let document = body.count > 1 << 20 ? nil : try? JSONValue.parse(body)
    let error = document?["error"]
    code = error?["code"]?.stringValue
    let detail = error?["message"] ?? error?["detail"] ?? document?["error_description"] ?? error
    // One line, not too long: nobody knows what a service puts there.
    message = detail?.stringValue.map { text in
      String(
        text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : Character($0) }.prefix(400))
    }
  }

  /// The service's words, as a message quotes them.
  var summary: String { isEmpty ? "it gave no reason" : words.joined(separator: ": ") }

  /// Whether the service said nothing.
  var isEmpty: Bool { words.isEmpty }

  private var words: [String] { [code, message].compactMap { $0?.isEmpty == false ? $0 : nil } }

  /// Whether a limit of the account stands in the way.
  var speaksOfLimit: Bool { mentions("limit", "quota", "exceed", "maximum number") }

  /// Whether it is the api-version that does not suit.
  var speaksOfVersion: Bool { mentions("api version", "api-version", "apiversion") }

  /// Whether something else has that already.
  var speaksOfClash: Bool { mentions("already exists", "duplicate key", "already in use", "conflict") }

  /// Whether the files of an asset are not encrypted for a locator, as a folder account that is served says.
  var speaksOfEncryption: Bool { mentions("is under the encrypting policy") }

  /// Whether another operation must end first.
  var speaksOfOperation: Bool { code == "OperationInProgress" }

  private func mentions(_ words: String...) -> Bool {
    let text = summary.lowercased()
    return words.contains { text.contains($0) }
  }
}
