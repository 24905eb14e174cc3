import Support
import Testing

/// The official SDK of the service that this endpoint stands in for is the judge (invariant: a team's code runs as it is).
@Suite struct SDKTests {
  @Test func `assets are made, changed, listed and deleted as the SDK expects`() throws {
    try ServedFolder().run("assets.py")
  }

  @Test func `from an empty asset to a playlist that plays, by the SDKs alone`() throws {
    try ServedFolder().run("containers.py")
  }

  @Test(arguments: [false, true]) func `files of a deleted asset stay, or go where that was asked for`(
    deletes: Bool
  ) throws {
    try ServedFolder(deletes ? ["--delete-containers"] : []).run(
      "deletion.py", variables: ["LOCKSTEP_DELETES": deletes ? "yes" : "no"])
  }

  @Test func `content key policies keep their secrets, streaming policies never change`() throws {
    try ServedFolder().run("policies.py")
  }

  @Test func `locators bring keys and ids, and paths that are really served`() throws {
    try ServedFolder().run("locators.py")
  }

  @Test func `filters keep every Int64`() throws { try ServedFolder().run("filters.py") }

  @Test func `tracks change by long-running operations`() throws { try ServedFolder().run("tracks.py") }

  @Test func `streaming endpoints start, stop and scale, one operation at a time`() throws {
    try ServedFolder().run("endpoints.py")
  }

  @Test func `the account shows itself, and says what it has not`() throws {
    try ServedFolder().run("account.py")
  }

  @Test func `lists are filtered, ordered and paged as the service's table says`() throws {
    try ServedFolder(["--page-size", "3"]).run("lists.py")
  }

  @Test func `limits hold, one by one`() throws {
    let names = ["account-filters", "asset-filters", "assets", "claims", "locators", "streaming-policies"]
    try ServedFolder(names.flatMap { ["--limit", "\($0)=2"] }).run("limits.py")
  }

  @Test func `shapes follow the api-version, paths match in any case`() throws {
    try ServedFolder().run("versions.py")
  }

  @Test func `another subscription, group and account name can be chosen`() throws {
    let names = [
      "LOCKSTEP_ACCOUNT": "studio", "LOCKSTEP_GROUP": "media",
      "LOCKSTEP_SUBSCRIPTION": "12345678-0000-0000-0000-000000000000",
    ]
    let options = [
      "--account", "studio", "--resource-group", "media", "--subscription",
      names["LOCKSTEP_SUBSCRIPTION"] ?? "",
    ]
    try ServedFolder(options, variables: names).run("account.py")
  }
}
