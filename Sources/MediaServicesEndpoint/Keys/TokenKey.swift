import CanonicalJSON
import JWTKit
import LiveAccount
import MediaResources

/// A key of a content key policy that tokens are verified with.
///
/// Its value never shows in a description.
enum TokenKey: Sendable, CustomStringConvertible {
  case symmetric(HMACKey)
  case rsa(Insecure.RSA.PublicKey)

  /// - Throws: `TokenRefusal` (`.policy`) for a key that is of another kind, or broken.
  init(_ document: JSONValue) throws(TokenRefusal) {
    let type = document["@odata.type"]?.stringValue ?? ""
    func bytes(_ member: String) throws(TokenRefusal) -> [UInt8] {
      guard let text = document[member]?.stringValue, let bytes = Base64.decode(text), !bytes.isEmpty else {
        throw TokenRefusal(.policy, "the policy's \(Self.word(type)) key has no \(member) in base64")
      }
      return bytes
    }
    switch Self.word(type) {
    case "Symmetric": self = .symmetric(HMACKey(from: try bytes("keyValue")))
    case "Rsa":
      let (modulus, exponent) = try (bytes("modulus"), bytes("exponent"))
      self = try .rsa(
        Self.publicKey {
          try Insecure.RSA.PublicKey(modulus: Self.url(modulus), exponent: Self.url(exponent))
        })
    case "X509Certificate":
      let body = try bytes("rawBody")
      // The service takes PEM and gives DER.
      let isPEM = body.starts(with: "-----BEGIN".utf8)
      let text = isPEM ? String(decoding: body, as: UTF8.self) : Self.pem(body)
      self = try .rsa(Self.publicKey { try Insecure.RSA.PublicKey(certificatePEM: text) })
    default:
      throw TokenRefusal(.policy, "the policy has a token key of type '\(type)', which is not understood")
    }
  }

  /// `Rsa` of `#Microsoft.Media.ContentKeyPolicyRsaTokenKey`.
  private static func word(_ type: String) -> String {
    let (start, end) = ("#Microsoft.Media.ContentKeyPolicy", "TokenKey")
    guard type.hasPrefix(start), type.hasSuffix(end) else { return "" }
    return String(type.dropFirst(start.count).dropLast(end.count))
  }

  private static func publicKey(
    _ make: () throws -> Insecure.RSA.PublicKey
  ) throws(TokenRefusal) -> Insecure.RSA.PublicKey {
    do { return try make() } catch {
      throw TokenRefusal(
        .policy, "the policy's public key cannot be used: an RSA key of 2,048 bits or more is needed")
    }
  }

  private static func url(_ bytes: [UInt8]) -> String {
    Base64.encode(bytes).replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  private static func pem(_ bytes: [UInt8]) -> String {
    let text = Array(Base64.encode(bytes))
    let lines = stride(from: 0, to: text.count, by: 64).map { String(text[$0..<min($0 + 64, text.count)]) }
    return "-----BEGIN CERTIFICATE-----\n\(lines.joined(separator: "\n"))\n-----END CERTIFICATE-----\n"
  }

  /// A collection with this key alone, for one algorithm; nil where the algorithm is none for such a key.
  ///
  /// The kind of key decides which algorithms count, never the token: a public key is no shared secret.
  func verifier(_ algorithm: String) async -> JWTKeyCollection? {
    let digest: DigestAlgorithm
    switch algorithm.suffix(3) {
    case "256": digest = .sha256
    case "384": digest = .sha384
    case "512": digest = .sha512
    default: return nil
    }
    switch (self, algorithm.prefix(2), algorithm.utf8.count) {
    case (.symmetric(let key), "HS", 5):
      return await JWTKeyCollection().add(hmac: key, digestAlgorithm: digest)
    case (.rsa(let key), "RS", 5): return await JWTKeyCollection().add(rsa: key, digestAlgorithm: digest)
    default: return nil
    }
  }

  var description: String {
    switch self {
    case .symmetric: "a symmetric key"
    case .rsa: "an RSA key"
    }
  }
}
