import Crypto

/// What a caller must know; it never shows in a description.
package struct BearerToken: Sendable, CustomStringConvertible, CustomReflectable {
  private let digest: SHA256.Digest

  /// - Parameter text: the token, without line ends; nil where there is nothing in it.
  package init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    guard !bytes.isEmpty else { return nil }
    digest = SHA256.hash(data: bytes)
  }

  /// Whether an `Authorization` header brings the token; takes as long for a wrong one as for the right one.
  func isBrought(by authorization: String?) -> Bool {
    guard let authorization, authorization.utf8.count > 7, authorization.prefix(7).lowercased() == "bearer "
    else { return false }
    // Digests of equal length, which swift-crypto compares in constant time.
    return SHA256.hash(data: Array(authorization.utf8.dropFirst(7))) == digest
  }

  package var description: String { "<token>" }

  package var customMirror: Mirror { Mirror(self, children: []) }
}
