import CanonicalJSON
import Git

/// What failed in a step of a move, in the words of the program that made it.
struct StepFailure: Error, CustomStringConvertible {
  let message: String
  let hint: String?
  /// The exit code there.
  let status: Int32
  /// What the program printed, where that was a document.
  let document: JSONValue?

  var description: String { message }

  init(message: String, hint: String?, status: Int32, document: JSONValue? = nil) {
    self.message = message
    self.hint = hint
    self.status = status
    self.document = document
  }

  /// A failure in copies of repositories, told as one in the repositories themselves.
  /// - Parameter places: each copy's place with that of its original.
  init(_ failure: Failure, replacing places: [(copy: String, original: String)]) {
    func told(_ text: String) -> String {
      places.reduce(text) { text, place in
        text.split(separator: place.copy, omittingEmptySubsequences: false).joined(separator: place.original)
      }
    }
    self.init(message: told(failure.message), hint: failure.hint.map(told), status: failure.status)
  }
}
