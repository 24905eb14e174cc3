/// What a resource of the model is; resources go by their kind's letter and a number, `l2`.
struct Form: Hashable {
  /// The kinds of resources, by the letter that their names begin with.
  enum Letter: Character {
    /// Account filters that nobody needs, and such as locators name.
    case filter = "f"
    case neededFilter = "g"
    case asset = "a"
    case policy = "p"
    case locator = "l"
  }

  /// What is nobody's identity.
  var number = 0
  /// A locator's id.
  var id: Int?
  /// A locator's content keys by their ids, or a policy's one secret.
  var secrets: [Int: Int] = [:]
  /// The resources that it refers to.
  var needs: Set<String> = []

  /// The names of all resources that have an identity.
  static let identified = Set((0..<3).map { "l\($0)" } + (0..<2).map { "p\($0)" })

  static func letter(_ name: String) -> Letter? { name.first.flatMap(Letter.init(rawValue:)) }

  /// Whether players or licences that rely on this form would not work with another one.
  func breaks(with new: Form) -> Bool {
    id != new.id || secrets.contains { new.secrets[$0.key] != $0.value }
  }

  func isSameIdentity(_ other: Form) -> Bool { id == other.id && secrets == other.secrets }
}
