import CanonicalJSON
import HTTPTypes
import Hummingbird
import NIOCore

/// What a management request is answered with.
struct Reply: Sendable {
  var status: HTTPResponse.Status
  var body: JSONValue?
  var headers: [(name: String, value: String)] = []

  init(_ status: HTTPResponse.Status, _ body: JSONValue? = nil) {
    self.status = status
    self.body = body
  }

  /// The response as it is sent.
  var response: Response {
    var fields = HTTPFields()
    for (name, value) in headers {
      if let name = HTTPField.Name(name) { fields[name] = value }
    }
    guard let body else { return Response(status: status, headers: fields) }
    // As the recorded service says it.
    fields[.contentType] = "application/json; odata.metadata=minimal"
    if let version = HTTPField.Name("odata-version") { fields[version] = "4.0" }
    return Response(
      status: status, headers: fields, body: .init(byteBuffer: ByteBuffer(bytes: body.compactBytes())))
  }
}
