/// Where a live account is, as `lockstep.account` in the repository's git configuration tells it.
package enum AccountLocation: Sendable, Equatable, CustomStringConvertible {
  /// A folder account at an absolute path.
  case folder(path: String)

  /// Reads `folder:PATH`.
  /// - Throws: `RegionError` naming what may stand there.
  package init(_ text: String, relativeTo base: String) throws(RegionError) {
    guard text.hasPrefix("folder:"), text.utf8.count > 7 else {
      throw RegionError(
        .badConfiguration, "'\(text)' is no account that this version knows",
        hint: "give the account as folder:PATH")
    }
    let path = String(text.dropFirst(7))
    self = .folder(path: FilePaths.absolute(path, relativeTo: base))
  }

  package var description: String {
    switch self {
    case .folder(let path): "folder:\(path)"
    }
  }
}
