import Foundation
import Support
import Synchronization
import Testing

/// Invariant 6: no secret in clear outside a live account.
@Suite struct SecretsProofTests {
  /// Everything that is said and shown while commands run.
  private final class Witness: Sendable {
    let regions: TwoRegions
    let scratch: String
    private let said = Mutex<[String]>([])
    private let seen = Mutex<Set<String>>([])
    private let isDone = Mutex(false)

    init(_ regions: TwoRegions) throws {
      self.regions = regions
      scratch = regions.folder["scratch"]
      try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    }

    /// Samples the arguments and the environment of every process, until `stop`.
    func start() -> Thread {
      let thread = Thread { [self] in
        while !isDone.withLock({ $0 }) {
          for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
          where name.first?.isNumber == true {
            for file in ["cmdline", "environ"] {
              guard let bytes = FileManager.default.contents(atPath: "/proc/\(name)/\(file)") else {
                continue
              }
              let text = String(decoding: bytes, as: UTF8.self)
              if text.contains(regions.folder.path) { seen.withLock { _ = $0.insert(text) } }
            }
          }
        }
      }
      thread.start()
      return thread
    }

    func stop() { isDone.withLock { $0 = true } }

    @discardableResult
    func run(
      _ arguments: [String], status: Int32, environment: [String: String] = [:],
      location: SourceLocation = #_sourceLocation
    ) throws -> String {
      let outcome = try regions.run(arguments, environment: environment.merging(["TMPDIR": scratch]) { $1 })
      said.withLock { $0 += [outcome.output, outcome.errors] }
      #expect(
        outcome.status == status, "\(arguments): \(outcome.output)\(outcome.errors)", sourceLocation: location
      )
      return outcome.output
    }

    func git(_ arguments: [String], in region: String) throws {
      let path = URL(fileURLWithPath: Program.lockstep).deletingLastPathComponent().path
      let outcome = try Program.run(
        "git", arguments, in: regions[region],
        environment: ["PATH": "\(path):\(ProcessInfo.processInfo.environment["PATH"] ?? "")"])
      said.withLock { $0 += [outcome.output, outcome.errors] }
    }

    /// Everything in which no secret may stand, with a name for each.
    func evidence() throws -> [(String, Data)] {
      var evidence = said.withLock { $0 }.map { ("what was said", Data($0.utf8)) }
      evidence += seen.withLock { $0 }.map { ("a process", Data($0.utf8)) }
      for region in ["east", "west"] {
        let objects = try Program.run(
          "git", ["cat-file", "--batch-all-objects", "--batch", "--unordered"], in: regions[region])
        evidence.append(("the objects of \(region)", Data(objects.output.utf8)))
      }
      let files = FileManager.default.enumerator(atPath: regions.folder.path)?.allObjects as? [String] ?? []
      for file in files where !["east-account/", "west-account/", "input/"].contains(where: file.hasPrefix) {
        guard let bytes = FileManager.default.contents(atPath: regions.folder[file]) else { continue }
        evidence.append((file, bytes))
      }
      return evidence
    }

    /// The files of the live accounts, where the secrets belong.
    func accounts() -> [(String, Data)] {
      let files = FileManager.default.enumerator(atPath: regions.folder.path)?.allObjects as? [String] ?? []
      return files.filter { $0.hasPrefix("east-account/") || $0.hasPrefix("west-account/") }.compactMap {
        file in
        FileManager.default.contents(atPath: regions.folder[file]).map { (file, $0) }
      }
    }
  }

  /// A secret in every form in which it could leak.
  private struct Marker {
    let name: String
    let forms: [Data]

    init(_ name: String, text: String) {
      self.name = name
      let raw = Data(text.utf8)
      let decoded = Data(base64Encoded: text).map { $0.count >= 12 ? [$0] : [] } ?? []
      var forms = [raw] + decoded
      for bytes in [raw] + decoded {
        let base64 = bytes.base64EncodedString()
        let bare = base64.replacingOccurrences(of: "=", with: "")
        let urlSafe = bare.replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
        let hex = bytes.map { String(format: "%02x", $0) }.joined()
        forms += [bare, urlSafe, hex, hex.uppercased()].map { Data($0.utf8) }
      }
      for escapesSlashes in [true, false] {
        let options: JSONSerialization.WritingOptions =
          escapesSlashes ? [.fragmentsAllowed] : [.fragmentsAllowed, .withoutEscapingSlashes]
        if let json = try? JSONSerialization.data(withJSONObject: text, options: options) {
          forms.append(json.dropFirst().dropLast())
        }
      }
      self.forms = forms
    }

    func places(in evidence: [(String, Data)]) -> Set<String> {
      Set(evidence.filter { item in forms.contains { item.1.range(of: $0) != nil } }.map(\.0))
    }
  }

  private func random(_ count: Int) -> String {
    Data((0..<count).map { _ in UInt8.random(in: 0...255) }).base64EncodedString()
  }

  @Test func `invariant 6: no secret stands in clear anywhere outside the live accounts`() throws {
    let regions = try TwoRegions()
    let witness = try Witness(regions)
    let key = try Clip.encrypted(in: regions.folder, name: "input/film")
    try regions.folder.write(key.value, to: "input/key.txt")
    let secrets = [
      "ask": random(16), "pfx": random(300), "password": "pä\"ss\\word/\(UUID().uuidString)\u{1F511}",
      "symmetric": random(32), "modulus": random(128), "exponent": "exponent-\(UUID().uuidString)",
      "certificate": random(400), "alternate": random(32),
    ]
    try writePolicies(secrets, to: regions)
    let thread = witness.start()
    defer { thread.cancel() }
    let publish = [
      "publish", regions.folder["input/film"], "-C", regions["east"], "--asset", "film", "--content-key",
    ]
    let good = publish + ["id=\(key.id),value=@\(regions.folder["input/key.txt"])"]
    try witness.run(good + ["--json"], status: 0)
    try witness.run(["capture", "-C", regions["east"], "--json"], status: 0)
    try witness.run(["mirror", regions["east"], regions["west"], "--json"], status: 0)
    let stranger = ["LOCKSTEP_IDENTITY_FILE": regions.folder["stranger.txt"]]
    for environment in [[:], stranger] {
      for arguments in [
        ["plan", "--json", "--out", regions.folder["plan.json"]], ["plan"], ["apply", "--dry-run"],
      ] {
        try witness.run(
          arguments + ["-C", regions["west"]], status: arguments[0] == "plan" ? 2 : 0,
          environment: environment)
      }
    }
    try witness.run(["apply", "-C", regions["west"]], status: 1, environment: stranger)
    try witness.run(["apply", "-C", regions["west"], "--json"], status: 0)
    try witness.run(["verify", regions["east"], regions["west"], "--deep", "--json"], status: 0)
    try witness.run(["verify", regions["east"], regions["west"], "--deep"], status: 0)
    for resource in ["locator/film", "content-key-policy/drm", "content-key-policy/tokens"] {
      try witness.run(["show", regions["west"], resource], status: 0)
    }
    try runFailures(witness, regions, secrets, publish: publish, keyID: key.id)
    try witness.run(["keys", "rotate", "-C", regions["east"], "--yes", "--json"], status: 0)
    try witness.run(["mirror", "-C", regions["east"]], status: 1)
    try witness.run(["diff", "-C", regions["east"], "HEAD~1", "--json"], status: 0)
    try witness.run(["diff", "--text", "-C", regions["east"], "HEAD~2"], status: 0)
    for command in [["log", "-p", "--all"], ["show", "HEAD"], ["reflog"]] {
      try witness.git(command, in: "east")
    }
    try witness.run(["status", "-C", regions["east"], "--json"], status: 0)
    witness.stop()
    let markers =
      [Marker("the content key", text: key.value)] + secrets.map { Marker($0.key, text: $0.value) }
    let evidence = try witness.evidence()
    for marker in markers {
      #expect(marker.places(in: evidence) == [], "\(marker.name) stands in clear")
      #expect(!marker.places(in: witness.accounts()).isEmpty, "\(marker.name) must be found where it belongs")
    }
    #expect(evidence.contains { $0.0 == "a process" && $0.1.range(of: Data("rotate".utf8)) != nil })
  }

  /// What goes wrong must not show secrets either.
  private func runFailures(
    _ witness: Witness, _ regions: TwoRegions, _ secrets: [String: String], publish: [String], keyID: String
  ) throws {
    try regions.folder.write(random(16), to: "input/wrong.txt")
    try witness.run(publish + ["id=\(keyID),value=@\(regions.folder["input/wrong.txt"])"], status: 4)
    // Drift: a secret that somebody changed in the account, and a document that is broken right behind a secret.
    let file = "east-account/account/content-key-policies/tokens.json"
    let text = try regions.folder.read(file)
    try regions.folder.write(
      text.replacingOccurrences(of: secrets["symmetric"] ?? "?", with: secrets["alternate"] ?? "?"), to: file)
    try witness.run(["drift", "-C", regions["east"], "--json"], status: 2)
    try witness.run(["apply", "-C", regions["east"]], status: 0)
    try regions.folder.write(
      text.replacingOccurrences(of: "\"RSA\"", with: "RSA"), to: file)
    try witness.run(["capture", "-C", regions["east"]], status: 1)
    try regions.folder.write(text, to: file)
    try witness.run(["drift", "-C", regions["east"]], status: 0)
  }

  private func writePolicies(_ secrets: [String: String], to regions: TwoRegions) throws {
    func type(_ name: String) -> String { "#Microsoft.Media.ContentKeyPolicy\(name)" }
    func policy(_ name: String, _ configuration: [String: Any], _ restriction: [String: Any]) throws {
      let document: [String: Any] = [
        "name": name,
        "properties": [
          "options": [["name": "RSA", "configuration": configuration, "restriction": restriction]]
        ],
      ]
      let text = try JSONSerialization.data(withJSONObject: document, options: [.withoutEscapingSlashes])
      try regions.folder.write(
        String(decoding: text, as: UTF8.self), to: "east-account/account/content-key-policies/\(name).json")
    }
    try policy(
      "drm",
      [
        "@odata.type": type("FairPlayConfiguration"), "ask": secrets["ask"] ?? "",
        "fairPlayPfx": secrets["pfx"] ?? "", "fairPlayPfxPassword": secrets["password"] ?? "",
        "rentalAndLeaseKeyType": "Undefined", "rentalDuration": 0,
      ], ["@odata.type": type("OpenRestriction")])
    try policy(
      "tokens", ["@odata.type": type("ClearKeyConfiguration")],
      [
        "@odata.type": type("TokenRestriction"), "issuer": "i", "audience": "a",
        "restrictionTokenType": "Jwt",
        "primaryVerificationKey": [
          "@odata.type": type("SymmetricTokenKey"), "keyValue": secrets["symmetric"] ?? "",
        ],
        "alternateVerificationKeys": [
          ["@odata.type": type("SymmetricTokenKey"), "keyValue": secrets["alternate"] ?? ""],
          [
            "@odata.type": type("RsaTokenKey"), "exponent": secrets["exponent"] ?? "",
            "modulus": secrets["modulus"] ?? "",
          ], ["@odata.type": type("X509CertificateTokenKey"), "rawBody": secrets["certificate"] ?? ""],
        ],
      ])
  }
}
