import ArgumentParser
import CanonicalJSON
import Git
import History
import MediaResources
import RegionRepository

/// `lockstep blame`: which commit set each property of a resource.
struct BlameCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "blame", abstract: "Say which commit set each property of a resource.",
    discussion: """
      A secret is never shown, only which commit set its value. Sealing a value anew does not change it; where it cannot \
      be told whether the value changed with it, who sealed it is named, too. Works in every clone.
      """)

  @Argument(help: "The resource, such as locator/NAME or asset-filter/ASSET/NAME.")
  var resource: String

  @OptionGroup var region: RegionOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var colour: ColourOptions

  func run() async throws {
    let id = try ResourceArgument.parse(resource)
    let repository = try ClonedRegion.open(at: region.region)
    let head = try ClonedRegion.head(of: repository)
    let blame = Blame(
      of: id, in: repository,
      comparison: ResourceComparison(keyring: try repository.keyring(identities: IdentityPlace.identities)))
    let lines = try blame.lines(at: head)
    guard !lines.isEmpty else {
      throw RegionError(
        .unknownResource, "\(id.summary) is not in the newest commit, \(head.abbreviated)",
        hint:
          "if it was there before, this says who took it out: lockstep log \(id.summary) -C \(region.region)")
    }
    if output.json {
      Terminal.print(try blame.json(lines))
    } else {
      let colours = colour.colours
      Terminal.print(lines: try blame.text(lines).map(colours.text))
    }
  }
}
