import ArgumentParser
import CanonicalJSON
import MediaResources
import RegionRepository
import Sealing

/// `lockstep show`: prints a resource.
struct ShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Print a resource as the region's newest commit has it.")

  @Argument(help: "The region repository.")
  var region: String

  @Argument(help: "The resource, such as locator/NAME or asset-filter/ASSET/NAME.")
  var resource: String

  @Flag(help: "Open the secrets and print them too.")
  var reveal = false

  func run() async throws {
    let repository = try RegionRepository.open(at: region)
    let found = try ResourceArgument.find(resource, in: repository)
    guard reveal else { return Terminal.print(bytes: SecretPlaces.redacted(found).canonicalBytes()) }
    let opened = try repository.keyring(identities: IdentityPlace.identities).open(found)
    Terminal.print(bytes: opened.canonicalBytes())
  }
}
