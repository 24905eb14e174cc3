package import CanonicalJSON

extension Fleet {
  /// The document with the primary and the epoch of another one, or with none: what people edit of a fleet.
  package func document(withRoleOf other: Fleet?) -> JSONValue {
    var edited = document
    for member in ["epoch", "primary"] { edited[member] = other?.document[member] }
    return .object(edited)
  }

  /// This fleet with what another one, of an earlier epoch, made of the common ground; primary and epoch stay.
  ///
  /// Member by member: where both changed one, the other one's counts.
  /// - Parameters:
  ///   - older: the other one.
  ///   - base: the fleet from which both came.
  /// - Throws: `RegionError` (`.badDocument`) where that makes no fleet.
  package func withEdits(of older: Fleet, since base: Fleet) throws(RegionError) -> Fleet {
    let merged = Self.applying(
      base.document(withRoleOf: self), older.document(withRoleOf: self), to: .object(document))
    return try Fleet(bytes: (merged ?? .null).canonicalBytes())
  }

  /// What was made of `base`, made of another value as well.
  private static func applying(_ base: JSONValue?, _ edited: JSONValue?, to value: JSONValue?) -> JSONValue? {
    guard base != edited else { return value }
    guard let before = base?.objectValue, let after = edited?.objectValue, var object = value?.objectValue
    else { return edited }
    for name in Set(before.map(\.0)).union(after.map(\.0)) {
      object[name] = applying(before[name], after[name], to: object[name])
    }
    return .object(object)
  }
}
