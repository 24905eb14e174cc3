import ArgumentParser
import CanonicalJSON
import FolderAccount
import Git
import LiveAccount
import MediaResources
import RegionRepository
import Sealing

/// `lockstep publish`: encoded files → asset and locator in the live account → capture.
struct PublishCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "publish",
    abstract: "Put a folder of encoded files into the live account, publish it, and capture.",
    discussion: """
      Ids and 16-byte keys that are not given come from the system's random generator. Under an encrypting policy the \
      media must be encrypted with the locator's key already: a folder account does not encrypt on the fly.
      """)

  @Argument(help: "The folder with the encoded files.")
  var folder: String

  @OptionGroup var region: RegionOptions
  @OptionGroup var output: OutputOptions

  @Option(help: "The asset's name.")
  var asset: String

  @Option(help: "The locator's name (the asset's, if not given).")
  var locator: String?

  @Option(
    help: ArgumentHelp(
      "The streaming policy.",
      discussion: "If not given: the locator's own; for a new one Predefined_ClearKey with --content-key or "
        + "--content-key-policy, else Predefined_ClearStreamingOnly.")
  )
  var streamingPolicy: String?

  @Option(
    help: ArgumentHelp(
      "The content key policy.",
      discussion:
        "If not given: the locator's or its streaming policy's own; for a new one under an encrypting "
        + "policy that names none, open-clear-key, which lets anybody have the key and is made on first use.")
  )
  var contentKeyPolicy: String?

  @Option(name: .customLong("locator-id"), help: "The locator id, a GUID.")
  var locatorID: String?

  @Option(
    name: .customLong("content-key"),
    help: ArgumentHelp(
      "A content key: label=…,id=GUID,value=@FILE; the file holds the value in base64.", valueName: "key"))
  var contentKeys: [String] = []

  func run() async throws {
    let repository = try region.open()
    let account = try Accounts.open(for: repository)
    let lock = try repository.lock(for: "lockstep publish")
    defer { withExtendedLifetime(lock) {} }
    try FenceCheck.pass("publishing", in: repository)
    try checkKey(of: repository)
    try await ApplyCommand.finishInterrupted(repository, account)
    let progress = ProgressLine()
    defer { progress.end() }
    let publisher = Publisher(
      account: account, storageAccount: try storageAccount(of: repository),
      cancellation: Interruption.cancellation
    ) { progress.bytes($0, of: $1, what: "copying") }
    let report = try await publisher.run(try request())
    progress.end()
    let capture = try await Capture(
      region: repository, account: account, identities: IdentityPlace.identities,
      cancellation: Interruption.cancellation
    )
    .run(
      message: "Publish \(report.locator.id.summary) in \(repository.name)",
      published: ResourceID(kind: .asset, assetName: nil, name: asset))
    let needsServer = try await account.locatorsNeedingKeyServer().contains(report.locator.id)
    let locatorID = StreamingLocatorView(report.locator).streamingLocatorID ?? ""
    if output.json {
      Terminal.print(
        [
          "commit": capture.commit.map { .string($0.hex) } ?? .null,
          "files": .number(.int64(Int64(report.inventory.files.count))),
          "locator": .string(report.locator.id.name),
          "madePolicy": report.madePolicy.map { .string($0.name) } ?? .null,
          "needsKeyServer": .bool(needsServer), "streamingLocatorId": .string(locatorID), "version": 1,
        ])
      return
    }
    if let policy = report.madePolicy { Terminal.say("made \(policy.summary): anybody may have the key") }
    Terminal.say(
      "published \(Count.text(report.inventory.files.count, "file")) (\(ByteCount.text(report.inventory.totalBytes))) of asset/\(asset)"
        + " as \(report.locator.id.summary)")
    if needsServer {
      Terminal.say("its key is under a token restriction: it needs a key server that checks tokens")
    }
    Terminal.print("/\(locatorID)/")
  }

  /// What is published with keys must be captured: without a key to seal them with, nothing begins.
  private func checkKey(of repository: RegionRepository) throws {
    let isClear =
      streamingPolicy.flatMap { StreamingPolicyView.predefined($0) }.map { !$0.isEncrypting } ?? true
    guard !contentKeys.isEmpty || contentKeyPolicy != nil || !isClear else { return }
    let keyring = try repository.keyring(identities: IdentityPlace.identities)
    if keyring.files == SealingFiles() {
      _ = try IdentityPlace.identities.own(label: "")
    } else {
      _ = try keyring.currentKey()
    }
  }

  private func storageAccount(of repository: RegionRepository) throws -> String {
    guard let name = try repository.document().bindings.values["storage.main"] else {
      throw RegionError(
        .binding, "region \(repository.name) binds no ${storage.main}",
        hint: "add \"storage.main\" to the bindings in \(RegionDocument.path) and commit it")
    }
    return name
  }

  private func request() throws -> PublishRequest {
    PublishRequest(
      folder: FilePaths.absolute(folder), asset: asset, locator: locator, streamingPolicy: streamingPolicy,
      contentKeyPolicy: contentKeyPolicy, locatorID: locatorID,
      keys: try contentKeys.map(ContentKeyArgument.parse))
  }
}

/// `label=…,id=…,value=@FILE` of `--content-key`.
enum ContentKeyArgument {
  static func parse(_ text: String) throws -> PublishRequest.Key {
    var fields: [String: String] = [:]
    for part in text.split(separator: ",") {
      let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
      guard pair.count == 2, ["label", "id", "value"].contains(pair[0]), fields[pair[0]] == nil else {
        throw ValidationError("--content-key takes label=…,id=GUID,value=@FILE, each at most once.")
      }
      fields[pair[0]] = pair[1]
    }
    return PublishRequest.Key(label: fields["label"], id: fields["id"], value: try fields["value"].map(value))
  }

  /// The text of a file: arguments can be seen by every user of a machine.
  private static func value(_ text: String) throws -> String {
    guard text.hasPrefix("@") else {
      throw ValidationError(
        "A key's value is no argument, which everybody on this machine could see: write it to a file and say"
          + " value=@FILE (or value=@/dev/stdin).")
    }
    let path = String(text.dropFirst())
    guard let bytes = FilePaths.read(path) else {
      throw RegionError(.badConfiguration, "cannot read the content key from \(path)")
    }
    return String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
  }
}
