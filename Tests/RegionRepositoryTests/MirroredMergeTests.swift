import Age
import CanonicalJSON
import Git
import MediaResources
import Sealing
import Support
import Testing

import struct Age.Identity

@testable import RegionRepository

/// Three-way merges of trees with sealed values: a reseal is not a change, and `sealing/` follows its own rule.
@Suite struct MirroredMergeTests {
  /// A person with an identity.
  private struct Person {
    let identity = Identity.generate()

    var entry: RecipientList.Entry { RecipientList.Entry(identity.recipient, label: "") }

    var identities: Identities {
      let identity = identity
      return Identities { () throws(SealingError) in
        do throws(AgeError) { return try IdentityFile(bytes: Array(identity.reveal().utf8)) } catch {
          throw SealingError(.badIdentity, error.message)
        }
      }
    }
  }

  /// Trees of policies with one secret each, in a repository of their own.
  private struct World {
    let folder: TemporaryFolder
    let pack: PackWriter

    init() throws {
      folder = try TemporaryFolder()
      pack = try PackWriter(repository: Repository.create(at: folder.path, bare: true, initialBranch: "main"))
    }

    static func policy(_ name: String, _ secret: String) throws -> Resource {
      try Resource(
        document: [
          "name": .string(name),
          "properties": [
            "options": [
              [
                "configuration": ["@odata.type": "#Microsoft.Media.ContentKeyPolicyClearKeyConfiguration"],
                "name": "token",
                "restriction": [
                  "@odata.type": "#Microsoft.Media.ContentKeyPolicyTokenRestriction", "audience": "a",
                  "issuer": "i",
                  "primaryVerificationKey": [
                    "@odata.type": "#Microsoft.Media.ContentKeyPolicySymmetricTokenKey",
                    "keyValue": .string(secret),
                  ], "restrictionTokenType": "Jwt",
                ],
              ]
            ]
          ],
        ], kind: .contentKeyPolicy)
    }

    /// A tree with secrets by name, sealed under a keyring's current key, and its key files.
    func tree(_ secrets: [String: String], _ keyring: Keyring) throws -> ObjectID? {
      var edits = try TreeEditor.edits(for: keyring.files, besides: SealingFiles(), into: pack)
      for (name, secret) in secrets {
        let resource = try keyring.seal(Self.policy(name, secret))
        edits[ResourcePath.path(of: resource.id)] = (
          mode: TreeMode.file, id: try pack.write(.blob, resource.canonicalBytes(), replacing: nil)
        )
      }
      return try TreeEditor.apply(edits, to: nil, source: pack, sink: pack)
    }

    /// The secrets of a tree, opened, and the data keys that they are sealed with.
    func opened(_ tree: ObjectID?, by person: Person) throws -> (secrets: [String: String], keys: Set<String>)
    {
      let keyring = Keyring(
        files: try pack.sealingFiles(in: tree), identities: person.identities, trust: .none)
      var secrets: [String: String] = [:]
      var keys: Set<String> = []
      try TreeWalk.changes(from: nil, to: tree, in: pack) { change in
        guard ResourcePath.kind(ofPath: change.path) != nil, let entry = change.new else { return }
        let resource = try MirroredDocument.resource(bytes: pack.read(entry.id).bytes, path: change.path)
        keys.formUnion(SealedValues.fingerprints(in: resource).map(\.text))
        let secret = SecretPlaces.secrets(of: try keyring.open(resource)).first?.value
        secrets[resource.id.name] = secret?.stringValue
      }
      return (secrets, keys)
    }

    func merge(
      _ base: ObjectID?, _ ours: ObjectID?, _ theirs: ObjectID?, by person: Person,
      trusting keys: Set<Fingerprint> = [], sealing: MirroredMerge.Keys = .joined
    ) throws -> MergeOutcome {
      let seen = try keys.first.map {
        let ours = try Keyring(
          files: pack.sealingFiles(in: ours), identities: person.identities, trust: .none
        ).currentKey().fingerprint
        return TrustedKeys(latest: ours, others: keys.union([$0]))
      }
      let trust = TrustStore(load: { () throws(SealingError) in seen }, save: { _ in })
      return try MirroredMerge(pack: pack, identities: person.identities, trust: trust, keys: sealing).merge(
        base: base, ours: ours, theirs: theirs)
    }
  }

  private func keyring(_ people: [Person], by person: Person) throws -> Keyring {
    let made = try KeyAdministration.found(for: RecipientList(people.map(\.entry)))
    return Keyring(files: made.files, identities: person.identities, trust: .none)
  }

  private func rotated(_ keyring: Keyring, by person: Person) throws -> Keyring {
    let files = try KeyAdministration.rotate(keyring).keyring.files
    return Keyring(files: files, identities: person.identities, trust: .none)
  }

  private func tree(_ outcome: MergeOutcome) throws -> ObjectID? {
    guard case .merged(let tree) = outcome else {
      Issue.record("\(outcome)")
      return nil
    }
    return tree
  }

  @Test func `a rotation on one side and edits on the other merge both ways`() throws {
    let (world, tess) = (try World(), Person())
    let old = try keyring([tess], by: tess)
    let new = try rotated(old, by: tess)
    let current = try new.currentKey().fingerprint.text
    let base = try world.tree(["a": "1", "b": "1", "gone": "1"], old)
    let rotated = try world.tree(["a": "1", "b": "1", "gone": "1"], new)
    let edited = try world.tree(["a": "2", "b": "1", "c": "1"], old)
    for (ours, theirs) in [(rotated, edited), (edited, rotated)] {
      let merged = try tree(world.merge(base, ours, theirs, by: tess))
      let (secrets, keys) = try world.opened(merged, by: tess)
      #expect(secrets == ["a": "2", "b": "1", "c": "1"])
      #expect(keys == [current], "what was changed under the old key is sealed anew")
      #expect(try world.pack.sealingFiles(in: merged) == new.files)
    }
  }

  @Test func `both sides sealed anew, and both changed to the same or to different ends`() throws {
    let (world, tess) = (try World(), Person())
    let old = try keyring([tess], by: tess)
    let (one, two) = (try rotated(old, by: tess), try rotated(old, by: tess))
    let base = try world.tree(["a": "1", "b": "1"], old)
    let same = try world.merge(
      base, world.tree(["a": "2", "b": "1"], one), world.tree(["a": "2", "b": "1"], two), by: tess)
    let merged = try tree(same)
    let opened = try world.opened(merged, by: tess)
    #expect(opened.secrets == ["a": "2", "b": "1"])
    let current = try Keyring(
      files: world.pack.sealingFiles(in: merged), identities: tess.identities, trust: .none
    ).currentKey().fingerprint.text
    #expect(opened.keys == [current])
    let different = try world.merge(
      base, world.tree(["a": "2", "b": "1"], one), world.tree(["a": "3", "b": "1"], two), by: tess)
    #expect(different == .conflicts(["content-key-policies/a.json"]))
  }

  @Test func `regions that began apart become one: keys by union, recipients of both`() throws {
    let (world, tess, otto) = (try World(), Person(), Person())
    let east = try keyring([tess], by: tess)
    let west = try keyring([otto, tess], by: otto)
    let (a, b) = (try world.tree(["a": "1"], east), try world.tree(["b": "1"], west))
    // Nobody's word: they are two fleets.
    let apart = #expect(throws: SealingError.self) { try world.merge(nil, a, b, by: tess) }
    #expect(apart?.hint?.contains("lockstep keys trust") == true)
    let theirs = try west.currentKey().fingerprint
    let merged = try tree(world.merge(nil, a, b, by: tess, trusting: [theirs]))
    let files = try world.pack.sealingFiles(in: merged)
    #expect(Set(files.keys.keys) == Set(east.files.keys.keys).union(west.files.keys.keys))
    for person in [tess, otto] {
      #expect(try world.opened(merged, by: person).secrets == ["a": "1", "b": "1"])
      let list = try Keyring(files: files, identities: person.identities, trust: .none).authenticList().list
      #expect(Set(list.recipients) == [tess.identity.recipient, otto.identity.recipient])
    }
    // Who holds only one side's key cannot vouch for the other's list.
    let error = #expect(throws: SealingError.self) { try world.merge(nil, a, b, by: otto) }
    #expect(error?.isLackOfKey == true && error?.message.contains("recipients.txt") == true)
  }

  @Test func `one added a recipient while the other took one out and rotated`() throws {
    let (world, tess, otto, olga) = (try World(), Person(), Person(), Person())
    let old = try keyring([tess, otto], by: tess)
    let base = try world.tree(["a": "1"], old)
    let added = try KeyAdministration.wrap(for: RecipientList([tess, otto, olga].map(\.entry)), in: old).files
    let removed = try KeyAdministration.wrap(for: RecipientList([tess.entry]), in: old).files
    let new = try rotated(Keyring(files: removed, identities: tess.identities, trust: .none), by: tess)
    let ours = try world.tree(["a": "1"], Keyring(files: added, identities: tess.identities, trust: .none))
    let theirs = try world.tree(["a": "1"], new)
    for (one, two) in [(ours, theirs), (theirs, ours)] {
      let merged = try tree(world.merge(base, one, two, by: tess))
      let files = try world.pack.sealingFiles(in: merged)
      let (list, key) = try Keyring(files: files, identities: tess.identities, trust: .none).authenticList()
      // Who is out knows the key under which Olga was let in: she must be let in again.
      #expect(list.recipients == [tess.identity.recipient])
      #expect(key.fingerprint == (try new.currentKey().fingerprint))
      #expect(throws: SealingError.self) { try world.opened(merged, by: olga) }
      #expect(throws: SealingError.self) {
        try Keyring(files: files, identities: otto.identities, trust: .none).currentKey()
      }
    }
  }

  @Test func `one took somebody out and rotated while the other rotated, too`() throws {
    let (world, tess, otto) = (try World(), Person(), Person())
    let old = try keyring([tess, otto], by: tess)
    let base = try world.tree(["a": "1"], old)
    let removed = try KeyAdministration.wrap(for: RecipientList([tess.entry]), in: old).files
    let closed = try rotated(Keyring(files: removed, identities: tess.identities, trust: .none), by: tess)
    // Twice: the key that Otto has is of the higher generation.
    let open = try rotated(rotated(old, by: tess), by: tess)
    for (one, two) in [(closed, open), (open, closed)] {
      let merged = try tree(
        world.merge(base, world.tree(["a": "1"], one), world.tree(["a": "1"], two), by: tess))
      let files = try world.pack.sealingFiles(in: merged)
      let (list, key) = try Keyring(files: files, identities: tess.identities, trust: .none).authenticList()
      #expect(list.recipients == [tess.identity.recipient])
      #expect(key.fingerprint != (try open.currentKey().fingerprint), "Otto has that one")
      #expect(try world.opened(merged, by: tess).keys == [key.fingerprint.text])
      #expect(throws: SealingError.self) {
        try Keyring(files: files, identities: otto.identities, trust: .none).currentKey()
      }
    }
  }

  @Test func `what stands in clear on either side is sealed by a merge`() throws {
    let (world, tess) = (try World(), Person())
    let keys = try keyring([tess], by: tess)
    func clear(_ description: String?) throws -> ObjectID? {
      var policy = try World.policy("a", "1")
      policy.properties["description"] = description.map { .string($0) }
      let edits: [String: (mode: UInt32, id: ObjectID)?] = [
        ResourcePath.path(of: policy.id): (
          mode: TreeMode.file, id: try world.pack.write(.blob, policy.canonicalBytes(), replacing: nil)
        )
      ]
      return try TreeEditor.apply(edits, to: nil, source: world.pack, sink: world.pack)
    }
    let sealed = try world.tree(["a": "1"], keys)
    for (ours, theirs) in [(try clear("edited"), sealed), (sealed, try clear("edited"))] {
      let merged = try tree(world.merge(try clear(nil), ours, theirs, by: tess))
      let (secrets, used) = try world.opened(merged, by: tess)
      #expect(secrets == ["a": "1"])
      #expect(try used == [keys.currentKey().fingerprint.text])
    }
  }

  @Test func `a key file that one side lost stays`() throws {
    let (world, tess) = (try World(), Person())
    let old = try keyring([tess], by: tess)
    let new = try rotated(old, by: tess)
    let base = try world.tree(["a": "1"], new)
    var fewer = new.files
    fewer.keys[try old.currentKey().fingerprint] = nil
    let ours = try world.tree(["a": "1"], Keyring(files: fewer, identities: tess.identities, trust: .none))
    for (one, two) in [(ours, base), (base, ours)] {
      let merged = try tree(world.merge(base, one, two, by: tess))
      #expect(try world.pack.sealingFiles(in: merged).keys.count == 2)
    }
  }

  @Test func `a rollback seals under the current key and does not touch sealing`() throws {
    let (world, tess, otto) = (try World(), Person(), Person())
    let old = try keyring([tess], by: tess)
    let before = try world.tree(["a": "1", "b": "1"], old)
    let commit = try world.tree(["a": "2", "b": "1"], old)
    let both = try KeyAdministration.wrap(for: RecipientList([tess, otto].map(\.entry)), in: old).files
    let new = try rotated(Keyring(files: both, identities: tess.identities, trust: .none), by: tess)
    let head = try world.tree(["a": "2", "b": "1", "c": "1"], new)
    // Reverting is merging the parent, seen from the commit.
    let reverted = try tree(world.merge(commit, head, before, by: tess, sealing: .ours))
    let (secrets, keys) = try world.opened(reverted, by: tess)
    #expect(secrets == ["a": "1", "b": "1", "c": "1"])
    #expect(keys == [try new.currentKey().fingerprint.text])
    #expect(try world.pack.sealingFiles(in: reverted) == new.files)
  }

  @Test func `without a key, only what must be opened stops a merge`() throws {
    let (world, tess, stranger) = (try World(), Person(), Person())
    let old = try keyring([tess], by: tess)
    let new = try rotated(old, by: tess)
    let base = try world.tree(["a": "1", "b": "1"], old)
    let apart = try world.merge(
      base, world.tree(["a": "2", "b": "1"], old), world.tree(["a": "1", "b": "2"], old), by: stranger)
    #expect(try world.opened(tree(apart), by: tess).secrets == ["a": "2", "b": "2"])
    let resealed = try world.tree(["a": "1", "b": "1"], new)
    let error = #expect(throws: SealingError.self) {
      try world.merge(base, resealed, world.tree(["a": "2", "b": "1"], old), by: stranger)
    }
    #expect(error?.isLackOfKey == true)
  }
}
