import Age
package import CanonicalJSON
import Crypto
import CryptoExtras
package import MediaResources

/// The key that a fleet's secrets are sealed with.
///
/// **Construction.** A data key is 32 random bytes. Six independent values are derived from it by HKDF-SHA256 (no salt,
/// the info texts below): a key that seals, one that makes nonces, one that vouches for the list of recipients, one that
/// vouches for the data key that follows, one for the marks that stand for secrets in a `diff`, and 16 bytes that name it
/// (the fingerprint). A secret is sealed with AES-256-GCM-SIV (RFC 8452):
///
/// - plaintext: the secret's RFC 8785 JSON text, a byte 0x80, and zeros up to a multiple of 32 bytes;
/// - additional data: `lockstep sealed value 1`, the kind, the asset's name (empty where there is none), the
///   resource's name, and the place of the secret in it (`SecretPlaces`), each after its length in 8 bytes, big-endian;
/// - nonce: the first 12 bytes of HMAC-SHA256 over the additional data under the nonce key. It is not stored.
///
/// **What it reveals.** Deterministic on purpose: the same secret at the same place under the same data key is the same
/// text, so an unchanged secret is an unchanged line. So it shows whether one place held the same value at two times,
/// and the value's length rounded up to 32 bytes; nothing else. Two places never show whether they hold the same value.
/// A sealed value that is copied to another place, resource or kind does not open there; an older value of the same
/// place does (that is what a revert is).
///
/// **Message bound.** Places have nonces of their own; two of 2³² places share one with a probability of about 2⁻³³, and
/// even then GCM-SIV only shows whether two messages are the same, which their additional data makes them not. Values of
/// one place share a nonce, the case that GCM-SIV is made for: with q values at one place a synthetic IV repeats by
/// chance with a probability of about q²/2¹²⁸. Rotate the data key before 2³² values were sealed with it, or 2²⁰ of one
/// place; no fleet comes near.
package struct DataKey: Sendable {
  /// The key's name.
  package let fingerprint: Fingerprint
  /// How many rotations came before it; the highest one of a fleet is current.
  package let generation: Int
  private let root: SymmetricKey
  private let sealing: SymmetricKey
  private let nonces: SymmetricKey
  private let lists: SymmetricKey
  private let successors: SymmetricKey
  /// What the marks of secrets are made with.
  let markKey: SymmetricKey

  static let tagLength = 16
  static let paddedTo = 32
  static let nonceLength = 12

  /// A new key from the system's random generator.
  package static func random(generation: Int) -> DataKey {
    DataKey(root: SymmetricKey(size: .bits256), generation: generation)
  }

  /// Takes 32 bytes.
  init(root: SymmetricKey, generation: Int) {
    func derived(_ purpose: String, _ count: Int = 32) -> SymmetricKey {
      HKDF<SHA256>.deriveKey(
        inputKeyMaterial: root, info: Array("lockstep data key 1: \(purpose)".utf8), outputByteCount: count)
    }
    self.root = root
    self.generation = generation
    sealing = derived("seal")
    nonces = derived("nonce")
    lists = derived("recipients")
    successors = derived("successor")
    markKey = derived("mark")
    let digits = derived("fingerprint", Fingerprint.length / 2).withUnsafeBytes { Hexadecimal.text($0) }
    fingerprint = Fingerprint(unchecked: digits)
  }

  /// Gives the key's bytes to a closure, which must not keep them.
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result { root.withUnsafeBytes(body) }

  // MARK: Values

  /// Seals a secret of a resource.
  package func seal(_ value: JSONValue, of resource: ResourceID, at place: String) -> SealedValue? {
    let context = Self.context(resource, place)
    var text = value.compactBytes()
    // Made at its full length, so that no copy is left behind by growing.
    let padding = Self.paddedTo - text.count % Self.paddedTo
    var message = [UInt8](repeating: 0, count: text.count + padding)
    defer {
      wipe(&text)
      wipe(&message)
    }
    message.replaceSubrange(..<text.count, with: text)
    message[text.count] = 0x80
    guard let nonce = nonce(for: context),
      let box = try? AES.GCM._SIV.seal(message, using: sealing, nonce: nonce, authenticating: context)
    else { return nil }
    return SealedValue(fingerprint: fingerprint, bytes: Array(Array(box.combined)[Self.nonceLength...]))
  }

  /// Opens a sealed value of a resource.
  /// - Throws: `SealingError` (`.notAuthentic`) where it was not sealed with this key for this very place.
  package func open(
    _ sealed: SealedValue, of resource: ResourceID, at place: String
  ) throws(SealingError) -> JSONValue {
    let context = Self.context(resource, place)
    let end = sealed.bytes.count - Self.tagLength
    guard sealed.fingerprint == fingerprint, let nonce = nonce(for: context),
      let box = try? AES.GCM._SIV.SealedBox(
        nonce: nonce, ciphertext: sealed.bytes[..<end], tag: sealed.bytes[end...]),
      let opened = try? AES.GCM._SIV.open(box, using: sealing, authenticating: context)
    else { throw Self.notAuthentic(place) }
    var message = Array(opened)
    defer { wipe(&message) }
    guard let mark = message.lastIndex(where: { $0 != 0 }), message[mark] == 0x80,
      let value = try? JSONValue.parse(Array(message[..<mark]))
    else { throw Self.notAuthentic(place) }
    return value
  }

  private static func notAuthentic(_ place: String) -> SealingError {
    SealingError(
      .notAuthentic,
      "the sealed value at \(place) does not open: it was changed, or sealed for another resource or place",
      hint:
        "find the commit that changed it (git log -p -- FILE) and revert it; an element without a name of its own is"
        + " known by what else it says: to change that, write its secret in clear (lockstep keys reveal, before the"
        + " change) and seal it again (lockstep seal FILE)")
  }

  private func nonce(for context: [UInt8]) -> AES.GCM._SIV.Nonce? {
    let code = HMAC<SHA256>.authenticationCode(for: context, using: nonces)
    return try? AES.GCM._SIV.Nonce(data: Array(code.prefix(Self.nonceLength)))
  }

  private static func context(_ resource: ResourceID, _ place: String) -> [UInt8] {
    var context: [UInt8] = []
    let parts = [
      "lockstep sealed value 1", resource.kind.rawValue, resource.assetName ?? "", resource.name, place,
    ]
    for part in parts {
      let count = UInt64(part.utf8.count)
      for shift in stride(from: UInt64(56), through: 0, by: -8) {
        context.append(UInt8(truncatingIfNeeded: count >> shift))
      }
      context.append(contentsOf: part.utf8)
    }
    return context
  }

  // MARK: Vouching

  /// What vouches that who holds this key wrote a text.
  func code(for text: [UInt8]) -> [UInt8] { Array(HMAC<SHA256>.authenticationCode(for: text, using: lists)) }

  /// What vouches that who holds this key made another one to follow it.
  func code(forSuccessor key: DataKey) -> [UInt8] {
    Array(HMAC<SHA256>.authenticationCode(for: Self.successor(key), using: successors))
  }

  /// Whether a code vouches for a key that follows this one.
  func vouches(_ code: [UInt8], forSuccessor key: DataKey) -> Bool {
    HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: Self.successor(key), using: successors)
  }

  private static func successor(_ key: DataKey) -> [UInt8] {
    Array("\(key.fingerprint) \(key.generation)".utf8)
  }

  /// Whether a code vouches for a text; takes the same time whatever differs.
  func vouches(_ code: [UInt8], for text: [UInt8]) -> Bool {
    HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: text, using: lists)
  }
}

extension DataKey: CustomStringConvertible, CustomReflectable {
  package var description: String { "data key \(fingerprint.abbreviated)" }

  /// Shows the fingerprint and no key.
  package var customMirror: Mirror { Mirror(self, children: ["fingerprint": fingerprint]) }
}
