import Age
import ArgumentParser
import MediaResources
import RegionRepository
import Sealing

/// `lockstep keys`: who may open the secrets.
struct KeysCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys",
    abstract: "Show and change who may open the secrets, and rotate the key that seals them.",
    discussion: """
      Secrets stand sealed in a region's repository, under a data key that is wrapped for each recipient in \
      mirrored/sealing/. The identity of this machine is read from $XDG_CONFIG_HOME/lockstep/identity.txt, from the file \
      that LOCKSTEP_IDENTITY_FILE names, or from the descriptor LOCKSTEP_IDENTITY_FD; a passphrase from the terminal or \
      the descriptor LOCKSTEP_PASSPHRASE_FD (a new one: LOCKSTEP_NEW_PASSPHRASE_FD).
      """,
    subcommands: [
      Init.self, Recipients.self, Rotate.self, Rewrap.self, Reveal.self, ExportBackup.self, Trust.self,
    ])
}

/// `--yes`: the answer to the question that a change of recipients asks.
struct ConfirmOptions: ParsableArguments {
  @Flag(help: "Answer yes to every question.")
  var yes = false
}

extension KeysCommand {
  /// Says what a list of recipients changes, and asks.
  static func confirm(
    _ difference: KeyAdministration.Difference, in region: RegionRepository, given: Bool
  ) throws {
    for entry in difference.new {
      Terminal.say("new: \(entry.description)")
    }
    for text in difference.gone { Terminal.say("gone: \(text)") }
    if !difference.new.isEmpty {
      Terminal.say(
        "who is new can open every secret of this fleet, those in its history too, and let others in")
    }
    if !difference.gone.isEmpty {
      Terminal.say(
        "who is gone keeps what they have: every secret up to now, and the data key. That is not undone by this;"
          + " rotate the data key so that what is sealed from now on is closed to them (lockstep keys rotate -C"
          + " \(region.place)), and replace the secrets that they must not have")
    }
    let own = ((try? IdentityPlace.identities.read())?.identities ?? []).map(\.recipient.text)
    if difference.gone.contains(where: own.contains) {
      Terminal.say("that takes out the identity of this machine: it can open nothing here afterwards")
    }
    guard !difference.isEmpty else { return }
    try Confirmation.ask("Wrap the data keys of region \(region.name) for this list?", given: given)
  }

  /// Opens what was wrapped, where this machine is among the recipients: nobody commits keys that do not open.
  static func check(_ files: SealingFiles, of list: RecipientList) throws {
    let identities = try IdentityPlace.identities.read()
    let isAmong = identities.identities.contains { list.recipients.contains($0.recipient) }
    guard isAmong || identities.needsProgram else { return }
    do throws(SealingError) {
      _ = try Keyring(files: files, identities: IdentityPlace.identities, trust: .none).currentKey()
    } catch {
      if error.code == .notARecipient, !isAmong { return }
      throw SealingError(
        error.code, "what was wrapped does not open, and nothing was written: \(error.message)",
        hint: error.hint)
    }
  }

  /// Wraps every data key for a list and commits that.
  static func wrap(
    _ list: RecipientList, in region: RegionRepository, keyring: Keyring, message: String
  ) throws {
    let (files, unopened) = try KeyAdministration.wrap(for: list, in: keyring)
    try check(files, of: list)
    try region.commit(files, message: message)
    region.noteCurrentKey(identities: IdentityPlace.identities)
    for fingerprint in unopened {
      Terminal.say(
        "warning: data key \(fingerprint.abbreviated) cannot be opened here and stays wrapped as it was;"
          + " somebody who can runs: lockstep keys rewrap")
    }
    Terminal.say(
      "the data keys of region \(region.name) are wrapped for \(Count.text(list.entries.count, "recipient"))")
    tellOthers(region)
  }

  /// Says how the other regions of the fleet come along, where there are some.
  static func tellOthers(_ region: RegionRepository) {
    guard let fleet = try? region.fleet(), fleet.regions.count > 1 else { return }
    Terminal.say("hint: bring the other regions along: lockstep mirror -C \(region.shellPlace)")
  }
}
