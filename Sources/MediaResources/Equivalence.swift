import CanonicalJSON

/// Whether two resources say the same, though a service rewrote one of them.
///
/// The services write GUIDs in lower case, drop trailing zeros of times, and give a certificate that was sent as PEM back
/// as DER, and an inventory may name another digest of the same bytes besides; everything else must be equal.
package enum Equivalence {
  /// Compares two resources in normal form.
  ///
  /// Files whose inventories have no digest in common count as different.
  package static func equal(_ a: Resource, _ b: Resource) -> Bool { compare(a, b, needsDigest: true) }

  /// Whether what an account shows may be what a document says, as far as it can be told there.
  ///
  /// Storage may know another digest of a file than the document has, or none: then the size must do.
  package static func agree(_ observed: Resource, _ document: Resource) -> Bool {
    compare(observed, document, needsDigest: false)
  }

  private static func compare(_ a: Resource, _ b: Resource, needsDigest: Bool) -> Bool {
    guard a.id == b.id else { return false }
    if a == b { return true }
    var (propertiesA, propertiesB) = (a.properties, b.properties)
    if a.id.kind == .content {
      guard areSameFiles(propertiesA["files"], propertiesB["files"], needsDigest: needsDigest) else {
        return false
      }
      propertiesA["files"] = nil
      propertiesB["files"] = nil
    }
    var restA = a.document
    var restB = b.document
    restA["properties"] = nil
    restB["properties"] = nil
    if a.id.kind == .streamingEndpoint, StreamingEndpointView(a).location == StreamingEndpointView(b).location
    {
      restA["location"] = nil
      restB["location"] = nil
    }
    return restA == restB
      && equal(.object(propertiesA), .object(propertiesB), .object(Schema.properties(of: a.id.kind)))
  }

  private static let digests = ["md5", "sha256"]

  private static func areSameFiles(_ a: JSONValue?, _ b: JSONValue?, needsDigest: Bool) -> Bool {
    guard let filesA = a?.arrayValue, let filesB = b?.arrayValue, filesA.count == filesB.count else {
      return a == b
    }
    return zip(filesA, filesB).allSatisfy { a, b in
      guard var a = a.objectValue, var b = b.objectValue else { return a == b }
      let common = digests.filter { a[$0] != nil && b[$0] != nil }
      guard common.allSatisfy({ a[$0] == b[$0] }) else { return false }
      if common.isEmpty, needsDigest { return a == b }
      for digest in digests {
        a[digest] = nil
        b[digest] = nil
      }
      return a == b
    }
  }

  private static func equal(_ a: JSONValue, _ b: JSONValue, _ shape: Shape) -> Bool {
    switch (a, b, shape) {
    case (.string(let a), .string(let b), .guid): return a.lowercased() == b.lowercased()
    case (.string(let a), .string(let b), .timestamp): return isSameTime(a, b)
    case (.string(let a), .string(let b), .certificate): return isSameCertificate(a, b)
    case (.array(let a), .array(let b), .list(let inner)):
      return a.count == b.count && zip(a, b).allSatisfy { equal($0, $1, inner) }
    case (.object(let a), .object(let b), _):
      guard let properties = shape.properties(discriminator: a["@odata.type"]?.stringValue) else {
        return a == b
      }
      return a.keys.count == b.keys.count
        && a.allSatisfy { key, value in
          guard let other = b[key] else { return false }
          guard let property = properties.first(where: { $0.isNamed(key) }) else { return value == other }
          return equal(value, other, property.shape)
        }
    default: return a == b
    }
  }

  /// Whether two texts are one certificate; such as are none must be the same text.
  private static func isSameCertificate(_ a: String, _ b: String) -> Bool {
    if a.utf8.elementsEqual(b.utf8) { return true }
    guard let x = der(a), let y = der(b) else { return false }
    return x == y
  }

  private static func der(_ text: String) -> [UInt8]? {
    guard let bytes = Base64.decode(text) else { return nil }
    let begin = Array("-----BEGIN CERTIFICATE-----".utf8)
    guard bytes.starts(with: begin) else { return bytes }
    let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
    return Base64.decode(lines.filter { !$0.hasPrefix("-----") }.joined())
  }

  /// Whether two times are the same but for trailing zeros; the end of all times is written `…59.9999999Z` or
  /// `…59.997Z`.
  static func isSameTime(_ a: String, _ b: String) -> Bool {
    func trimmed(_ text: String) -> Substring {
      var text = text[...]
      guard text.hasSuffix("Z") else { return text }
      text = text.dropLast()
      if text.hasPrefix("9999-12-31T23:59:59") { return "9999-12-31T23:59:59" }
      guard text.contains(".") else { return text }
      while text.hasSuffix("0") { text = text.dropLast() }
      return text.hasSuffix(".") ? text.dropLast() : text
    }
    return trimmed(a).utf8.elementsEqual(trimmed(b).utf8)
  }
}
