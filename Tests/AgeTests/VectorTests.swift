import Crypto
import Testing

@testable import Age

/// The format's own test vectors, good and bad.
@Suite struct VectorTests {
  @Test func `no vector is missing`() {
    #expect(Vector.names.count == 124)
  }

  @Test(arguments: Vector.names)
  func `every vector comes out as its authors say`(name: String) throws {
    let vector = try Vector(name)
    let attempts: [() throws -> [UInt8]]
    if vector.passphrases.isEmpty {
      let lines = vector.identities.isEmpty ? [Identity.generate().reveal()] : vector.identities
      let identities = try IdentityFile(bytes: Array(lines.joined(separator: "\n").utf8))
      attempts = [{ try Age.decrypt(vector.file, with: identities) }]
    } else {
      attempts = vector.passphrases.map { passphrase in
        { try Age.decrypt(vector.file, passphrase: Array(passphrase.utf8)) }
      }
    }
    for attempt in attempts {
      do {
        let plaintext = try attempt()
        #expect(vector.expected == "success", "plaintext came of a file that is not right")
        let digest = SHA256.hash(data: plaintext).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
          .joined()
        #expect(digest == vector.payload)
      } catch let error as AgeError {
        #expect(Self.outcomes(of: error).contains(vector.expected), "\(error.code): \(error)")
      }
    }
  }

  /// What the authors of the vectors call an error.
  private static func outcomes(of error: AgeError) -> Set<String> {
    switch error.code {
    case .noMatch, .wrongPassphrase: ["no match"]
    case .corrupt: error.message.contains("header") ? ["HMAC failure"] : ["payload failure"]
    // Armor with another first line is not known as such.
    case .malformed where error.message == "this is no age file": ["armor failure", "header failure"]
    case .malformed: error.message.contains("armor") ? ["armor failure"] : ["header failure"]
    case .unsupportedVersion, .tooMuchWork: ["header failure"]
    default: []
    }
  }

  @Test func `a passphrase that takes too much work is refused before any is done`() throws {
    let vector = try Vector("scrypt_work_factor_23")
    let began = ContinuousClock.now
    #expect { try Age.decrypt(vector.file, passphrase: Array("password".utf8)) } throws: {
      ($0 as? AgeError)?.code == .tooMuchWork
    }
    #expect(ContinuousClock.now - began < .seconds(1))
  }

  @Test func `another version is told as such`() throws {
    let vector = try Vector("version_unsupported")
    let identities = try IdentityFile(bytes: Array(Identity.generate().reveal().utf8))
    #expect { try Age.decrypt(vector.file, with: identities) } throws: {
      ($0 as? AgeError)?.code == .unsupportedVersion
    }
  }
}
