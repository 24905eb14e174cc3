/// How a sealed value begins.
///
/// What follows is none of this room's business; it must only tell a sealed value from a secret in clear.
package enum SealedPrefix {
  /// The first bytes of every sealed value.
  package static let text = "sealed:"
}
