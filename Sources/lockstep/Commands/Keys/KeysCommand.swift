import Age
import ArgumentParser
import RegionRepository
import Sealing

/// `lockstep keys`: who may open the secrets.
struct KeysCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys",
    abstract: "Say and change who may open the secrets, and rotate the key that seals them.",
    discussion: """
      Secrets stand sealed in a region's repository, under a data key that is wrapped for each recipient in \
      mirrored/sealing/. The identity of this machine is read from $XDG_CONFIG_HOME/lockstep/identity.txt, from the file \
      that LOCKSTEP_IDENTITY_FILE names, or from the descriptor LOCKSTEP_IDENTITY_FD; a passphrase from the terminal or \
      the descriptor LOCKSTEP_PASSPHRASE_FD.
      """,
    subcommands: [
      Init.self, Recipients.self, Rotate.self, Rewrap.self, Reveal.self, ExportBackup.self,
    ])
}

/// `--yes`: the answer to the question that a change of recipients asks.
struct ConfirmOptions: ParsableArguments {
  @Flag(help: "Do not ask.")
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
    guard !difference.isEmpty else { return }
    try Confirmation.ask("Wrap the data keys of region \(region.name) for this list?", given: given)
  }

  /// Wraps every data key for a list and commits that.
  static func wrap(
    _ list: RecipientList, in region: RegionRepository, keyring: Keyring, message: String
  ) throws {
    let (files, unopened) = try KeyAdministration.wrap(for: list, in: keyring)
    try region.commit(files, message: message)
    for fingerprint in unopened {
      Terminal.say(
        "warning: data key \(fingerprint.abbreviated) cannot be opened here and stays wrapped as it was;"
          + " somebody who can runs: lockstep keys rewrap")
    }
    Terminal.say(
      "the data keys of region \(region.name) are wrapped for \(Count.text(list.entries.count, "recipient"))")
    Terminal.say("hint: bring the other regions along: lockstep mirror -C \(region.place)")
  }
}
