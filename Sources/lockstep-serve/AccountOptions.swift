import ArgumentParser
import MediaServicesEndpoint

/// As which account a region is served.
struct AccountOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The subscription in the account's paths.", valueName: "id"))
  var subscription = EndpointSettings().subscription

  @Option(help: ArgumentHelp("The resource group in the account's paths.", valueName: "name"))
  var resourceGroup = EndpointSettings().resourceGroup

  @Option(
    help: ArgumentHelp(
      "The account's name in its paths; the region's where none is given.", valueName: "name"))
  var account: String?

  @Option(help: ArgumentHelp("The geographic location that the account claims.", valueName: "name"))
  var location = EndpointSettings().location

  @Option(
    help: ArgumentHelp(
      "Where players find what is published; this endpoint where none is given.", valueName: "host"))
  var originHost: String?

  @Flag(help: "Delete an asset's files with it, as the services do; a rollback cannot bring them back then.")
  var deleteContainers = false

  func validate() throws {
    for name in [subscription, resourceGroup, account ?? "a"] where name.isEmpty || name.contains("/") {
      throw ValidationError("A name in a path is not empty and has no '/'.")
    }
  }

  func apply(to settings: inout EndpointSettings, storage: [String]) {
    settings.subscription = subscription
    settings.resourceGroup = resourceGroup
    settings.accountName = account
    settings.location = location
    settings.originHost = originHost
    settings.deletesContainers = deleteContainers
    settings.storageAccounts = storage
  }
}
