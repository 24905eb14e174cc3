import Age
import CanonicalJSON
import Git
import MediaResources
import RegionRepository
import Sealing
import Support

import struct Age.Identity

/// The data key of all worlds, and who may open it.
struct WorldKeys {
  let identities: Identities
  let list: RecipientList
  let files: SealingFiles
  let keyring: Keyring

  init() throws {
    let identity = Identity.generate()
    identities = Identities { () throws(SealingError) in
      do throws(AgeError) { return try IdentityFile(bytes: Array(identity.reveal().utf8)) } catch {
        throw SealingError(.badIdentity, error.message)
      }
    }
    list = try RecipientList([RecipientList.Entry(identity.recipient, label: "Tess")])
    files = try KeyAdministration.found(for: list).files
    keyring = Keyring(files: files, identities: identities, trust: .none)
  }
}

/// Forms as the documents of a region, and back.
extension World {
  static func id(_ name: String) throws -> ResourceID {
    let kind: ResourceKind =
      switch Form.letter(name) {
      case .filter, .neededFilter: .accountFilter
      case .asset: .asset
      case .policy: .contentKeyPolicy
      case .locator: .streamingLocator
      case nil: throw Wrong("\(name) is no name")
      }
    return ResourceID(kind: kind, assetName: nil, name: name)
  }

  /// The resource that a form is, its secrets in clear.
  static func resource(_ name: String, _ form: Form) throws -> Resource {
    let id = try id(name)
    var properties: JSONObject = ["n": .number(.int64(Int64(form.number)))]
    let secrets = form.secrets.sorted { $0.key < $1.key }
    switch id.kind {
    case .streamingLocator:
      properties["streamingLocatorId"] = .string("00000000-0000-4000-8000-00000000000\(form.id ?? 0)")
      properties["contentKeys"] = .array(
        secrets.map { ["id": .string("key-\($0.key)"), "value": .string("value-\($0.value)")] })
      properties["assetName"] = form.needs.first { $0.hasPrefix("a") }.map { .string($0) }
      properties["defaultContentKeyPolicyName"] = form.needs.first { $0.hasPrefix("p") }.map { .string($0) }
      properties["filters"] = .array(
        form.needs.filter { $0.hasPrefix("g") }.sorted().map { .string($0) })
    case .contentKeyPolicy:
      properties["options"] = [
        [
          "configuration": ["@odata.type": "#Microsoft.Media.ContentKeyPolicyClearKeyConfiguration"],
          "name": "token",
          "restriction": [
            "@odata.type": "#Microsoft.Media.ContentKeyPolicyTokenRestriction", "audience": "a",
            "issuer": "i",
            "primaryVerificationKey": [
              "@odata.type": "#Microsoft.Media.ContentKeyPolicySymmetricTokenKey",
              "keyValue": .string("value-\(form.secrets[0] ?? 0)"),
            ], "restrictionTokenType": "Jwt",
          ],
        ]
      ]
    default: break
    }
    return try Resource(document: ["name": .string(name), "properties": .object(properties)], kind: id.kind)
  }

  /// The form that a document of a region says.
  static func form(_ sealed: Resource, _ keyring: Keyring) throws -> Form {
    let resource = try keyring.open(sealed)
    var form = Form(number: resource.properties["n"]?.int64Value.map { Int($0) } ?? 0)
    func last(_ text: String?) -> Int? { text?.split(separator: "-").last.flatMap { Int($0) } }
    for (number, secret) in SecretPlaces.secrets(of: resource).enumerated() {
      let key =
        resource.id.kind == .contentKeyPolicy
        ? 0 : last(StreamingLocatorView(resource).contentKeys[number].id)
      if let key { form.secrets[key] = last(secret.value.stringValue) }
    }
    guard resource.id.kind == .streamingLocator else { return form }
    form.id = last(StreamingLocatorView(resource).streamingLocatorID)
    form.needs = Set(
      References.of(resource).compactMap { $0.targets.last?.name })
    return form
  }

  /// Changes of `mirrored/` that bring some forms, sealed, into a tree with these key files.
  func edits(
    _ forms: [String: Form?], besides files: SealingFiles, _ pack: PackWriter
  ) throws -> [String: (mode: UInt32, id: ObjectID)?] {
    var edits: [String: (mode: UInt32, id: ObjectID)?] = [:]
    if forms.contains(where: { $0.value?.secrets.isEmpty == false }) {
      edits = try TreeEditor.edits(for: keys.files, besides: files, into: pack)
    }
    for (name, form) in forms {
      let entry = try form.map { form in
        let resource = try keys.keyring.seal(Self.resource(name, form))
        return (mode: TreeMode.file, id: try pack.write(.blob, resource.canonicalBytes(), replacing: nil))
      }
      edits.updateValue(entry, forKey: ResourcePath.path(of: try Self.id(name)))
    }
    return edits
  }

  // MARK: Chance

  /// Changes of what an account holds: filters that nobody needs.
  func filterEdits() -> [String: Form?] {
    var edits: [String: Form?] = [:]
    for _ in 0..<Int.random(in: 1...2, using: &random) {
      edits.updateValue(isLucky(1, of: 5) ? nil : Form(number: nextNumber()), forKey: name(.filter, 6))
    }
    return edits
  }

  /// Some changes of what stands that leave it sound.
  func randomEdits(of values: [String: Form]) -> [String: Form?] {
    var next = values
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<3: next[name(.filter, 6)] = isLucky(1, of: 5) ? nil : Form(number: nextNumber())
      case 3: next[name(.neededFilter, 2)] = isLucky(1, of: 3) ? nil : Form(number: nextNumber())
      case 4: next[name(.asset, 2)] = isLucky(1, of: 4) ? nil : Form(number: nextNumber())
      case 5:
        let policy = name(.policy, 2)
        next[policy] =
          isLucky(1, of: 4) ? nil : changed(next[policy] ?? Form(secrets: [0: pool()]), isPolicy: true)
      default: changeLocator(in: &next)
      }
    }
    // What stands on something that went goes, too, and so does the second one of an id.
    for name in next.keys.sorted() {
      guard let form = next[name] else { continue }
      let isTwice = form.id != nil && next.contains { $0.key < name && $0.value.id == form.id }
      if isTwice || form.needs.contains(where: { next[$0] == nil }) { next[name] = nil }
    }
    var edits: [String: Form?] = [:]
    for name in Set(values.keys).union(next.keys) where values[name] != next[name] {
      edits.updateValue(next[name], forKey: name)
    }
    return edits
  }

  /// The resources for which a commit says that their identity may change.
  func randomWords() -> Set<String> {
    isLucky(2, of: 3) ? Form.identified : isLucky(1, of: 2) ? ["l0", "p1"] : []
  }

  func randomPreference() -> Model.Prefer {
    let sides: [Model.Prefer.Side?] = [nil, .source, .target]
    var prefer = Model.Prefer(all: sides[Int.random(in: 0..<3, using: &random)])
    for name in Form.identified.sorted() where isLucky(1, of: 3) {
      prefer.named[name] = isLucky(1, of: 2) ? .source : .target
    }
    return prefer
  }

  private func changeLocator(in values: inout [String: Form]) {
    let locator = name(.locator, 3)
    if let old = values[locator] {
      values[locator] = isLucky(1, of: 4) ? nil : changed(old, isPolicy: false)
      return
    }
    let asset = name(.asset, 2)
    if values[asset] == nil { values[asset] = Form(number: nextNumber()) }
    var new = Form(number: nextNumber(), id: pool(), secrets: [pool(): pool()], needs: [asset])
    if isLucky(1, of: 2) { new.secrets[pool()] = pool() }
    new.needs.formUnion(["g0", "g1", "p0"].filter { values[$0] != nil })
    values[locator] = new
  }

  private func changed(_ old: Form, isPolicy: Bool) -> Form {
    var form = old
    form.number = nextNumber()
    if isPolicy {
      if isLucky(1, of: 3) { form.secrets[0] = pool() }
    } else {
      switch Int.random(in: 0..<8, using: &random) {
      case 0: form.id = pool()
      case 1: form.secrets[pool()] = pool()
      case 2: form.secrets[pool()] = nil
      default: break
      }
    }
    return form
  }

  private func name(_ letter: Form.Letter, _ count: Int) -> String {
    "\(letter.rawValue)\(Int.random(in: 0..<count, using: &random))"
  }

  private func pool() -> Int { Int.random(in: 1...4, using: &random) }

  func isLucky(_ part: Int, of whole: Int) -> Bool { Int.random(in: 0..<whole, using: &random) < part }
}
