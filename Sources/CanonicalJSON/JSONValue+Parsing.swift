extension JSONValue {
  /// Reads a whole text.
  /// - Throws: `JSONError` with line and column.
  package static func parse(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> JSONValue {
    var parser = JSONStreamParser()
    try parser.consume(bytes)
    return try parser.finish()
  }

  /// Reads a whole text.
  /// - Throws: `JSONError` with line and column.
  package static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
    var parser = JSONStreamParser()
    try parser.consume(bytes)
    return try parser.finish()
  }

  /// Reads a whole text.
  /// - Throws: `JSONError` with line and column.
  package static func parse(_ text: String) throws(JSONError) -> JSONValue { try parse(Array(text.utf8)) }
}
