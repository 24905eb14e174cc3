import ArgumentParser
import Git
import MediaResources
import RegionRepository

/// A resource as an argument.
enum ResourceArgument {
  /// Reads `locator/NAME` or `asset-filter/ASSET/NAME`.
  static func parse(_ text: String) throws -> ResourceID {
    guard let id = ResourceID(argument: text) else {
      throw ValidationError("'\(text)' names no resource. Say KIND/NAME, \(kinds).")
    }
    return id
  }

  private static var kinds: String {
    "with a kind of \(ResourceKind.allCases.map(\.noun).joined(separator: ", "))"
  }

  /// Where a resource, or with `KIND` alone all of a kind, stands in a region's tree.
  static func place(_ text: String) throws -> String {
    if let kind = ResourceKind(noun: text) ?? ResourceKind(rawValue: text) {
      return "\(kind.half)/\(kind.rawValue)"
    }
    guard let id = ResourceID(argument: text) else {
      throw ValidationError("'\(text)' names no resource and no kind. Say KIND or KIND/NAME, \(kinds).")
    }
    return ResourcePath.place(of: id)
  }

  /// The resource as the region's newest commit has it.
  static func find(_ text: String, in repository: RegionRepository) throws -> Resource {
    let id = try parse(text)
    guard let found = try repository.git.resource(id, inRoot: repository.root(of: repository.head())) else {
      throw RegionError(
        .unknownResource, "\(id.description) is not in region \(repository.name)",
        hint:
          "git -C \(repository.shellPlace) ls-tree -r --name-only HEAD \(id.kind.half)/\(id.kind.rawValue)")
    }
    return found
  }
}
