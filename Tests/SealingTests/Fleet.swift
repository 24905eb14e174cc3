import Age
import CanonicalJSON
import MediaResources
import Sealing

import struct Age.Identity

/// Data keys in memory, and who may open them.
struct Fleet {
  let identity: Identity
  let identities: Identities
  let files: SealingFiles

  init(label: String = "Tess") throws {
    let identity = Identity.generate()
    self.identity = identity
    identities = Identities { () throws(SealingError) in
      do throws(AgeError) { return try IdentityFile(bytes: Array(identity.reveal().utf8)) } catch {
        throw SealingError(.badIdentity, error.message)
      }
    }
    files = try KeyAdministration.found(
      for: RecipientList([RecipientList.Entry(identity.recipient, label: label)])
    ).files
  }

  func keyring() -> Keyring { Keyring(files: files, identities: identities, trust: .none) }

  func locator(value: String) throws -> Resource {
    try Resource(
      document: [
        "name": "film", "properties": ["contentKeys": [["id": "6000", "value": .string(value)]]],
      ], kind: .streamingLocator)
  }
}
