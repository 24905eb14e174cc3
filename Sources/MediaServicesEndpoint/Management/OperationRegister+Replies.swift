import CanonicalJSON
import HTTPTypes

extension OperationRegister.Operation {
  /// How far it is; on success, too, `error` is an object (facts: long-running).
  var status: JSONValue {
    [
      "error": ["code": "None", "message": .null, "target": .string(target)], "name": .string(id),
      "status": .string(isOver ? "Succeeded" : "InProgress"),
    ]
  }
}

extension Reply {
  /// The reply with where to ask how far an operation is, and where its result will be.
  func following(_ statusURL: String, result resultURL: String) -> Reply {
    var reply = self
    reply.headers += [
      ("Azure-AsyncOperation", statusURL), ("Location", resultURL),
      // Clients would look every half minute, and operations here take a moment.
      ("x-ms-retry-after-ms", "200"),
    ]
    return reply
  }
}
