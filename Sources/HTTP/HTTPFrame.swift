package import CanonicalJSON

/// One message between lockstep and lockstep-http: a JSON document, and bytes beside it.
///
/// On the pipe stand the lengths of both as 4 bytes each, most significant first, then both.
package struct HTTPFrame: Sendable {
  /// What the bytes are for.
  package let head: JSONValue
  /// A body as it is.
  package let body: [UInt8]

  /// How long one part may be, in bytes.
  private static let limit = 1 << 30

  package init(head: JSONValue, body: [UInt8] = []) {
    self.head = head
    self.body = body
  }

  /// Reads a frame.
  /// - Parameter read: gives so many bytes, or nil where they end.
  /// - Returns: nil at the end, and where what comes is no frame.
  package init?(reading read: (Int) -> [UInt8]?) {
    guard let lengths = read(8) else { return nil }
    let counts = [lengths[..<4], lengths[4...]].map { $0.reduce(0) { $0 << 8 | Int($1) } }
    guard counts.allSatisfy({ $0 <= Self.limit }), let head = read(counts[0]), let body = read(counts[1]),
      let document = try? JSONValue.parse(head)
    else { return nil }
    self.init(head: document, body: body)
  }

  /// The frame as it stands on the pipe; nil where a part is longer than any may be.
  package func bytes() -> [UInt8]? {
    let head = self.head.compactBytes()
    guard head.count <= Self.limit, body.count <= Self.limit else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 + head.count + body.count)
    for count in [head.count, body.count] {
      bytes += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) }
    }
    return bytes + head + body
  }
}

/// What lockstep asks of lockstep-http.
package enum HTTPOrder: Sendable {
  /// How many connections to one host may be open at once, and how many seconds nothing may arrive; comes first.
  case open(connections: Int, stallSeconds: Double)
  /// Send a request under a number.
  case send(UInt32, HTTPRequest)
  /// Nobody waits for the answer to this number any more.
  case cancel(UInt32)

  package init?(_ frame: HTTPFrame) {
    let head = frame.head
    if let connections = head["connections"]?.int64Value, let stall = head["stallMilliseconds"]?.int64Value {
      self = .open(connections: Int(clamping: connections), stallSeconds: Double(stall) / 1_000)
      return
    }
    if let number = head["cancel"]?.int64Value.flatMap(UInt32.init(exactly:)) {
      self = .cancel(number)
      return
    }
    guard let number = head["number"]?.int64Value.flatMap(UInt32.init(exactly:)),
      let method = head["method"]?.stringValue, let url = head["url"]?.stringValue,
      let limit = head["answerLimit"]?.int64Value
    else { return nil }
    var request = HTTPRequest(method, url)
    request.headers = [HTTPHeader](head["headers"])
    request.answerLimit = Int(clamping: limit)
    if head["hasBody"]?.boolValue == true { request.body = frame.body }
    self = .send(number, request)
  }

  package var frame: HTTPFrame {
    switch self {
    case .open(let connections, let stallSeconds):
      HTTPFrame(head: [
        "connections": .number(.int64(Int64(connections))),
        "stallMilliseconds": .number(.int64(Int64(stallSeconds * 1_000))),
      ])
    case .send(let number, let request):
      HTTPFrame(
        head: [
          "number": .number(.int64(Int64(number))), "method": .string(request.method),
          "url": .string(request.url), "headers": request.headers.document,
          "answerLimit": .number(.int64(Int64(request.answerLimit))), "hasBody": .bool(request.body != nil),
        ], body: request.body ?? [])
    case .cancel(let number): HTTPFrame(head: ["cancel": .number(.int64(Int64(number)))])
    }
  }
}

/// What lockstep-http answers.
package struct HTTPReply: Sendable {
  /// The number of the request.
  package let number: UInt32
  /// What came of it.
  package let outcome: Result<HTTPResponse, HTTPFailure>

  package init(_ number: UInt32, _ outcome: Result<HTTPResponse, HTTPFailure>) {
    self.number = number
    self.outcome = outcome
  }

  package init?(_ frame: HTTPFrame) {
    let head = frame.head
    guard let number = head["number"]?.int64Value.flatMap(UInt32.init(exactly:)) else { return nil }
    if let status = head["status"]?.int64Value {
      let response = HTTPResponse(
        status: Int(clamping: status), headers: [HTTPHeader](head["headers"]), body: frame.body)
      self.init(number, .success(response))
    } else if let code = head["failure"]?.stringValue.flatMap(HTTPFailure.Code.init(rawValue:)) {
      let reason = head["reason"]?.stringValue ?? ""
      self.init(number, .failure(HTTPFailure(code, reason, hint: head["hint"]?.stringValue)))
    } else {
      return nil
    }
  }

  package var frame: HTTPFrame {
    let number = JSONValue.number(.int64(Int64(self.number)))
    switch outcome {
    case .success(let response):
      return HTTPFrame(
        head: [
          "number": number, "status": .number(.int64(Int64(response.status))),
          "headers": response.headers.document,
        ], body: response.body)
    case .failure(let failure):
      var head: JSONObject = [
        "failure": .string(failure.code.rawValue), "number": number, "reason": .string(failure.reason),
      ]
      head["hint"] = failure.hint.map { .string($0) }
      return HTTPFrame(head: .object(head))
    }
  }
}

extension [HTTPHeader] {
  fileprivate init(_ document: JSONValue?) {
    self = (document?.arrayValue ?? []).compactMap { pair in
      guard let pair = pair.arrayValue, pair.count == 2, let name = pair[0].stringValue,
        let value = pair[1].stringValue
      else { return nil }
      return HTTPHeader(name, value)
    }
  }

  fileprivate var document: JSONValue { .array(map { [.string($0.name), .string($0.value)] }) }
}
