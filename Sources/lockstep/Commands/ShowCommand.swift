import ArgumentParser
import CanonicalJSON
import MediaResources
import RegionRepository

/// `lockstep show`: prints a resource.
struct ShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Print a resource as the region's newest commit has it.")

  @Argument(help: "The region repository.")
  var region: String

  @Argument(help: "The resource, such as locator/NAME or asset-filter/ASSET/NAME.")
  var resource: String

  @Flag(help: "Print secrets too.")
  var reveal = false

  func run() async throws {
    let repository = try RegionRepository.open(at: region)
    guard let id = ResourceID(argument: resource) else {
      throw ValidationError(
        "'\(resource)' names no resource. Say KIND/NAME, with a kind of "
          + ResourceKind.allCases.map(\.noun).joined(separator: ", ") + ".")
    }
    guard let found = try repository.git.resource(id, in: repository.mirrored(of: repository.head())) else {
      throw RegionError(
        .unknownResource, "\(id.description) is not in region \(repository.name)",
        hint: "git -C \(repository.place) ls-tree -r --name-only HEAD mirrored/\(id.kind.rawValue)")
    }
    Terminal.print(bytes: (reveal ? found : SecretPlaces.redacted(found)).canonicalBytes())
  }
}
