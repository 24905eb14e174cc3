/// Why a token does not open a content key.
///
/// Never holds the token or a key.
struct TokenRefusal: Error, Sendable, Equatable {
  /// What is wrong, the mildest first: of several options' refusals the mildest is told.
  enum Kind: Int, Sendable {
    /// The token is genuine, and does not allow this.
    case claims
    /// The token is not genuine, or its time is over.
    case token
    /// There is no token.
    case missing
    /// The policy asks for something that this key server does not do.
    case policy
  }

  let kind: Kind
  let message: String

  init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }
}
