/// Why a document is no resource.
package struct ResourceError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure this is.
  package enum Code: Sendable {
    /// The document lacks what every resource has.
    case notAResource
  }

  /// The kind of failure.
  package let code: Code
  /// What is wrong.
  package let message: String
  /// The resource, where its name is known.
  package let resource: String?

  package init(_ code: Code, _ message: String, resource: String? = nil) {
    self.code = code
    self.message = message
    self.resource = resource
  }

  package var description: String { [resource, message].compactMap(\.self).joined(separator: ": ") }
}
