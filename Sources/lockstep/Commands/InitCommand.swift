import Age
import ArgumentParser
import CanonicalJSON
import FolderAccount
import Git
import LiveAccount
import MediaServicesAccount
import RegionRepository
import Sealing

/// `lockstep init`: makes a region repository and, where it is not there, its folder account.
struct InitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Make a region repository and its live account.",
    discussion: """
      For example: lockstep init east --region east --account folder:east-account

      The account's folder is made where it is not there. So is the identity of this machine, which opens the region's \
      secrets.
      """)

  @Argument(help: "The folder of the new region repository.")
  var directory: String

  @Option(help: "The region's name: lower-case letters, digits and hyphens.")
  var region: String

  @Option(
    help: ArgumentHelp("Where the live account is.", valueName: "folder:PATH|media-services:URL"))
  var account: String

  @OptionGroup var service: ServiceOptions

  @Flag(help: "Make a bare repository (a hub), without a working tree.")
  var bare = false

  @Option(
    name: .customLong("storage"),
    help:
      "The name of this region's main storage account (NAMEstorage, without the region's hyphens, if not given)."
  )
  var storage: String?

  @OptionGroup var output: OutputOptions

  @Option(
    help: ArgumentHelp(
      "Who commits here, instead of git's user.name and user.email.", valueName: "'Name <address>'"))
  var user: String?

  func run() async throws {
    let name = try RegionName(checking: region)
    let path = FilePaths.absolute(directory)
    let location = try AccountLocation(account, relativeTo: FilePaths.currentDirectory)
    let bindings = try Bindings(["storage.main": storage ?? "\(name.text.filter { $0 != "-" })storage"])
    let person = try user.map(person)
    try RegionRepository.checkCreation(at: path, name: name, isNameless: person == nil)
    let entries = try service.entries(for: location)
    var folder: FolderAccount?
    switch location {
    case .folder(let path): folder = try FolderAccount.create(path, now: Accounts.now)
    case .mediaServices(let url):
      _ = try MediaServicesSettings(url: url, entries: entries, setBy: .initOption)
    }
    let repository = try RegionRepository.create(
      at: path, name: name, account: location, bare: bare, bindings: bindings, user: person)
    let identity = makeIdentity()
    installDiffDriver(in: repository)
    for entry in entries { try repository.git.setConfigValue(entry.key, entry.value) }
    let isEmpty = if let folder { try await folder.isEmpty() } else { await isServiceEmpty(repository) }
    if isEmpty { try repository.noteEmptyAccount() }
    if output.json {
      Terminal.print(
        [
          "account": .string(location.description), "accountIsEmpty": .bool(isEmpty),
          "madeIdentity": identity.map { .string($0) } ?? .null, "region": .string(name.text),
          "repository": .string(repository.place), "version": 1,
        ])
      return
    }
    Terminal.say("region \(name) begins in \(repository.place), its live account is \(location)")
    if !isEmpty {
      Terminal.say("hint: take over what the account holds already: lockstep capture -C \(directory)")
    }
  }

  /// Whether a service holds nothing; one that cannot be asked yet is looked at by the first capture.
  private func isServiceEmpty(_ repository: RegionRepository) async -> Bool {
    do {
      return try await (Accounts.open(for: repository) as? MediaServicesAccount)?.isEmpty() ?? false
    } catch {
      let failure = Failure(error)
      Terminal.say("warning: the service was not asked what it holds: \(failure.message)")
      if let hint = failure.hint { Terminal.say("hint: \(hint)") }
      return false
    }
  }

  private func installDiffDriver(in repository: RegionRepository) {
    do { try DiffDriver.install(in: repository) } catch {
      Terminal.say("warning: git's diff driver was not set up: \(Failure(error).message)")
    }
  }

  /// Makes the identity of this machine, where there is none; secrets are sealed from the first capture on.
  /// - Returns: the recipient that was made.
  private func makeIdentity() -> String? {
    do {
      let place = try IdentityPlace.named()
      guard let made = try place.makeIfMissing() else { return nil }
      if !output.json {
        Terminal.say("made the identity of this machine, \(made.text), in \(place)")
        Terminal.say(
          "hint: keep a copy that survives this machine: lockstep keys export-backup -C \(directory) --out FILE"
        )
      }
      return made.text
    } catch {
      // A hub that only mirrors needs none.
      Terminal.say("warning: no identity was made, and capture and apply need one: \(Failure(error).message)")
      return nil
    }
  }

  private func person(_ text: String) throws -> (name: String, email: String) {
    guard let open = text.firstIndex(of: "<"), text.hasSuffix(">") else {
      throw ValidationError("--user takes 'Name <address>'.")
    }
    let name = text[..<open].trimmingSuffix { $0 == " " }
    let email = text[text.index(after: open)...].dropLast()
    guard !name.isEmpty, !email.isEmpty else { throw ValidationError("--user takes 'Name <address>'.") }
    return (String(name), String(email))
  }
}

extension Substring {
  fileprivate func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> Substring {
    var text = self
    while let last = text.last, isTrimmed(last) { text = text.dropLast() }
    return text
  }
}
