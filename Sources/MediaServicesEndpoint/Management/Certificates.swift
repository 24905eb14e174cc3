import CanonicalJSON
import LiveAccount
import MediaResources

/// X.509 certificates in content key policies: sent as DER or as PEM, kept as DER, each in base64 (facts: live
/// normalisation).
enum Certificates {
  /// An option with its certificates in DER.
  static func inDER(_ option: JSONValue) throws(ServiceError) -> JSONValue {
    guard var object = option.objectValue, var restriction = object["restriction"]?.objectValue else {
      return option
    }
    if let key = restriction["primaryVerificationKey"] {
      restriction["primaryVerificationKey"] = try convertedKey(key)
    }
    if let keys = restriction["alternateVerificationKeys"]?.arrayValue {
      var converted: [JSONValue] = []
      for key in keys { converted.append(try convertedKey(key)) }
      restriction["alternateVerificationKeys"] = .array(converted)
    }
    object["restriction"] = .object(restriction)
    return .object(object)
  }

  private static func convertedKey(_ key: JSONValue) throws(ServiceError) -> JSONValue {
    guard var object = key.objectValue, let body = object["rawBody"]?.stringValue else { return key }
    guard let bytes = Base64.decode(body) else {
      throw ServiceError.invalidProperty("rawBody", "The certificate of a token key is no base64.")
    }
    let text = String(decoding: bytes, as: UTF8.self)
    let (begin, end) = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----")
    guard let first = text.firstRange(of: begin), let last = text.firstRange(of: end),
      first.upperBound <= last.lowerBound
    else { return key }
    let inner = String(text[first.upperBound..<last.lowerBound].filter { !$0.isWhitespace })
    guard Base64.decode(inner) != nil else {
      throw ServiceError.invalidProperty("rawBody", "The PEM certificate of a token key is no base64.")
    }
    object["rawBody"] = .string(inner)
    return .object(object)
  }
}
