import Age
import Support
import Synchronization
import Testing

@testable import Sealing

/// Who can push, but not open, puts no data key and no list of their own in the place of the fleet's.
@Suite struct TrustTests {
  /// What a machine notes, in memory.
  private final class Memory: Sendable {
    private let note = Mutex<TrustedKeys?>(nil)

    var store: TrustStore {
      TrustStore(
        load: { () throws(SealingError) in self.note.withLock { $0 } },
        save: { keys in self.note.withLock { $0 = keys } })
    }
  }

  private func keyring(_ files: SealingFiles, _ fleet: Fleet, _ memory: Memory) -> Keyring {
    Keyring(files: files, identities: fleet.identities, trust: memory.store)
  }

  /// What somebody makes who knows the recipients and no key: a data key and a list that it vouches for.
  private func forged(for fleet: Fleet, _ mallory: Fleet, generation: Int = 1) throws -> SealingFiles {
    let list = try RecipientList([
      RecipientList.Entry(fleet.identity.recipient, label: "Tess"),
      RecipientList.Entry(mallory.identity.recipient, label: "Tess's other machine"),
    ])
    return try KeyAdministration.make(for: list, generation: generation, serial: 99, after: []).files
  }

  private func expectRefusal(_ keyring: Keyring, location: SourceLocation = #_sourceLocation) {
    for use in [
      { _ = try keyring.currentKey() }, { _ = try KeyAdministration.rotate(keyring) },
      { _ = try KeyAdministration.wrap(for: RecipientList([]), in: keyring) },
      { _ = try keyring.seal(Fleet().locator(value: "x")) },
    ] as [() throws -> Void] {
      let error = #expect(throws: SealingError.self, sourceLocation: location) { try use() }
      #expect(error?.code == .badRecipients, "\(String(describing: error))", sourceLocation: location)
    }
  }

  @Test(arguments: [1, 2, 1_000]) func `a forged key with a list of its own is refused`(generation: Int)
    throws
  {
    let (fleet, mallory) = (try Fleet(), try Fleet(label: "Mallory"))
    let forged = try forged(for: fleet, mallory, generation: generation)
    let pushed = forged.adding(fleet.files)
    // On a machine that has seen the real key, on one that has seen nothing, and where the real key was taken out.
    let memory = Memory()
    _ = try keyring(fleet.files, fleet, memory).currentKey()
    expectRefusal(keyring(pushed, fleet, memory))
    expectRefusal(keyring(pushed, fleet, Memory()))
    expectRefusal(keyring(forged, fleet, memory))
  }

  @Test func `a forged key beside the real list stops everything, whether it opens or not`() throws {
    let (fleet, mallory) = (try Fleet(), try Fleet(label: "Mallory"))
    let memory = Memory()
    _ = try keyring(fleet.files, fleet, memory).currentKey()
    for forged in [try forged(for: fleet, mallory, generation: 9), mallory.files] {
      var pushed = fleet.files.adding(forged)
      pushed.recipients = fleet.files.recipients
      expectRefusal(keyring(pushed, fleet, memory))
      expectRefusal(keyring(pushed, fleet, Memory()))
    }
    // What it sealed does not open on a machine where its file has gone again.
    let theirs = Keyring(
      files: try forged(for: fleet, mallory), identities: mallory.identities, trust: .none)
    let sealed = try theirs.seal(fleet.locator(value: "chosen by Mallory"))
    #expect(throws: SealingError.self) { try keyring(fleet.files, fleet, memory).open(sealed) }
  }

  @Test func `a true key whose file was overwritten does not let another one in`() throws {
    let (fleet, mallory) = (try Fleet(), try Fleet(label: "Mallory"))
    let real = try fleet.keyring().currentKey().fingerprint
    var pushed = try forged(for: fleet, mallory)
    pushed.keys[real] = mallory.files.keys.values.first
    expectRefusal(keyring(pushed, fleet, Memory()))
  }

  @Test func `a machine whose note is old is not led past a rotation`() throws {
    let (fleet, mallory) = (try Fleet(), try Fleet(label: "Mallory"))
    let memory = Memory()
    let old = keyring(fleet.files, fleet, memory)
    _ = try old.currentKey()
    // It has not seen the rotation; who was in before it forks the chain.
    let rotated = try KeyAdministration.rotate(old).keyring.files
    let list = try RecipientList([
      RecipientList.Entry(fleet.identity.recipient, label: ""),
      RecipientList.Entry(mallory.identity.recipient, label: ""),
    ])
    let fork = try KeyAdministration.make(for: list, generation: 3, serial: 9, after: [old.currentKey()])
      .files
    expectRefusal(keyring(fork.adding(rotated), fleet, memory))
    #expect(try keyring(rotated, fleet, memory).currentKey().generation == 2)
  }

  @Test func `who was taken out and knows an old key leads nobody astray`() throws {
    let fleet = try Fleet()
    let memory = Memory()
    let old = keyring(fleet.files, fleet, memory)
    let new = try KeyAdministration.rotate(old).keyring.files
    _ = try keyring(new, fleet, memory).currentKey()
    let mallory = try Fleet(label: "Mallory")
    let list = try RecipientList([
      RecipientList.Entry(fleet.identity.recipient, label: ""),
      RecipientList.Entry(mallory.identity.recipient, label: ""),
    ])
    // The old key vouches for theirs, for who was once in knows it.
    let theirs = try KeyAdministration.make(for: list, generation: 3, serial: 99, after: [old.currentKey()])
      .files
    expectRefusal(keyring(theirs.adding(new), fleet, memory))
    expectRefusal(keyring(theirs.adding(new), fleet, Memory()))
  }

  @Test func `an older list does not come back, nor does an older key`() throws {
    let (fleet, otto) = (try Fleet(), try Fleet(label: "Otto"))
    let memory = Memory()
    let first = keyring(fleet.files, fleet, memory)
    var list = try first.authenticList().list
    try list.add(RecipientList.Entry(otto.identity.recipient, label: "Otto"))
    let with = try KeyAdministration.wrap(for: list, in: first).files
    let second = keyring(with, fleet, memory)
    _ = try list.remove("Otto")
    let without = try KeyAdministration.wrap(for: list, in: second).files
    _ = try keyring(without, fleet, memory).currentKey()
    expectRefusal(keyring(with, fleet, memory))
    expectRefusal(keyring(fleet.files, fleet, memory))
    let rotated = try KeyAdministration.rotate(keyring(without, fleet, memory)).keyring.files
    _ = try keyring(rotated, fleet, memory).currentKey()
    expectRefusal(keyring(without, fleet, memory))
    var replayed = rotated
    replayed.recipients = without.recipients
    expectRefusal(keyring(replayed, fleet, memory))
    #expect(try keyring(rotated, fleet, memory).currentKey().generation == 2)
  }

  @Test func `keys that have gone are not founded anew`() throws {
    let fleet = try Fleet()
    let memory = Memory()
    _ = try keyring(fleet.files, fleet, memory).currentKey()
    let keyring = Keyring(
      files: SealingFiles(), identities: fleet.identities, trust: memory.store, founder: Keyring.passing)
    let error = #expect(throws: SealingError.self) { try keyring.currentKey() }
    #expect(error?.code == .badRecipients)
  }

  @Test func `many rotations lead to one another, and a note is read back`() throws {
    let fleet = try Fleet()
    var files = fleet.files
    let late = Memory()
    var fingerprints: Set<Fingerprint> = [try fleet.keyring().currentKey().fingerprint]
    for _ in 0..<6 {
      files = try KeyAdministration.rotate(keyring(files, fleet, Memory())).keyring.files
      fingerprints.insert(try keyring(files, fleet, Memory()).currentKey().fingerprint)
    }
    let keyring = keyring(files, fleet, late)
    for fingerprint in fingerprints { #expect(try keyring.key(fingerprint).fingerprint == fingerprint) }
    let note = try #require(try late.store.load())
    #expect(note.keys == fingerprints && note.serial == 7)
    #expect(TrustedKeys(text: note.text) == note)
    for text in ["", "lockstep trusted keys 2\n", "lockstep trusted keys 1\nserial x\n"] {
      #expect(TrustedKeys(text: text) == nil)
    }
  }

  @Test(arguments: [0, -1, 1 << 31, Int.max]) func `a generation beyond all measure is no generation`(
    generation: Int
  ) throws {
    let fleet = try Fleet()
    let key = DataKey.random(generation: generation)
    let list = try fleet.keyring().authenticList().list
    var files = SealingFiles()
    files.keys[key.fingerprint] = try DataKeyFile(
      key: key, recipients: [], predecessors: []
    ).wrapped(for: list.recipients)
    files.recipients = list.text(serial: 1, vouchedBy: key)
    let error = #expect(throws: SealingError.self) {
      try KeyAdministration.rotate(Keyring(files: files, identities: fleet.identities, trust: .none))
    }
    #expect(error?.code == .badKeyFile)
  }
}
