import ArgumentParser
import CanonicalJSON
import MediaResources
import RegionRepository
import Sealing

extension KeysCommand {
  /// `lockstep keys reveal`: one secret.
  struct Reveal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "reveal", abstract: "Print the secrets of a resource, or the one at a JSON pointer.")

    @Argument(help: "The resource, such as locator/NAME.")
    var resource: String

    @Argument(help: "Where in its document, such as /properties/contentKeys/0/value.")
    var pointer: String?

    @OptionGroup var region: RegionOptions

    func run() async throws {
      let repository = try region.open()
      let found = try ResourceArgument.find(resource, in: repository)
      let opened = try repository.keyring(identities: IdentityPlace.identities).open(found)
      let secrets = SecretPlaces.secrets(of: opened)
      guard let pointer else {
        guard !secrets.isEmpty else {
          throw RegionError(.unknownResource, "\(opened.id) holds no secret")
        }
        return Terminal.print(lines: secrets.map { "\($0.pointer)\t\(text($0.value))" })
      }
      guard let secret = secrets.first(where: { $0.pointer == pointer }) else {
        let known = secrets.map(\.pointer).joined(separator: ", ")
        throw RegionError(
          .unknownResource, "\(opened.id) holds no secret at \(pointer)",
          hint: known.isEmpty ? nil : "its secrets stand at \(known)")
      }
      Terminal.print(text(secret.value))
    }

    /// The value as it is; at a terminal as JSON where it holds what a terminal would act upon.
    private func text(_ value: JSONValue) -> String {
      guard let text = value.stringValue,
        !Terminal.isShown || text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
      else { return String(decoding: value.compactBytes(), as: UTF8.self) }
      return text
    }
  }
}
