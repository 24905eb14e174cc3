/// A request to a server.
package struct HTTPRequest: Sendable, Equatable {
  /// The method, in capitals.
  package var method: String
  /// The address, whole: scheme, host and path.
  package var url: String
  /// Names and values, in the order in which they were added.
  package var headers: [HTTPHeader] = []
  /// What is sent; nil for a request without a body.
  package var body: [UInt8]?
  /// The largest body that is taken as an answer, in bytes.
  package var answerLimit = 64 << 20

  package init(_ method: String = "GET", _ url: String) {
    self.method = method
    self.url = url
  }
}

/// One line of the head of a message.
package struct HTTPHeader: Sendable, Equatable {
  /// The name; case does not count (RFC 9110 §5.1).
  package let name: String
  /// The value.
  package let value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// What a server answered, whole.
package struct HTTPResponse: Sendable, Equatable {
  /// The status code.
  package let status: Int
  /// Names and values as they came.
  package let headers: [HTTPHeader]
  /// The body.
  package let body: [UInt8]

  package init(status: Int, headers: [HTTPHeader], body: [UInt8]) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// The value of the first header of a name, whatever its case.
  package func header(_ name: String) -> String? {
    let name = name.lowercased()
    return headers.first { $0.name.lowercased() == name }?.value
  }
}
