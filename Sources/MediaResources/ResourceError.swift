/// Why a document is no resource.
package struct ResourceError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure this is; new codes may be added.
  package struct Code: Sendable, Equatable {
    private enum Value { case notAResource }
    private let value: Value

    /// The document lacks what every resource has.
    package static let notAResource = Code(value: .notAResource)
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
