import Crypto
import Foundation
import HTTP
import LiveAccount
import MediaResources

/// A service shared access signature for one container (`sr=c`), as the storage service documents it.
struct SharedAccessSignature: Sendable {
  /// The letters of what its holder may do (`sp`).
  let permissions: String
  /// When it begins to hold (`st`), as given; empty for at once.
  let start: String
  /// When it ceases to hold (`se`), as given.
  let expiry: String
  /// The protocols that it may travel by (`spr`), as given.
  let protocols: String
  /// The version whose rules it was signed by (`sv`).
  let version: String
  /// What replaces header fields of answers (`rscc`, `rscd`, `rsce`, `rscl`, `rsct`), as given.
  let overrides: [String]
  /// The signature in base64.
  let signature: String

  /// The version that the endpoint signs by.
  static let issuedVersion = "2020-12-06"
  /// The first version whose rules are known here.
  private static let oldestVersion = "2018-11-09"
  private static let overrideNames = ["rscc", "rscd", "rsce", "rscl", "rsct"]
  /// Restrictions that are not known here: to let them pass unread would widen what was granted.
  private static let unknown = [
    "si", "sip", "snapshot", "ses", "skoid", "sktid", "ss", "srt", "sduoid", "saoid", "suoid",
  ]

  init(
    permissions: String, start: String = "", expiry: String,
    version: String = SharedAccessSignature.issuedVersion,
    signature: String = ""
  ) {
    self.permissions = permissions
    self.start = start
    self.expiry = expiry
    self.version = version
    self.signature = signature
    (protocols, overrides) = ("", Self.overrideNames.map { _ in "" })
  }

  /// Reads the signature in a request's query.
  init(_ query: RequestQuery) throws(BlobError) {
    guard let signature = query["sig"], let permissions = query["sp"], let expiry = query["se"],
      let version = query["sv"], query["sr"] == "c"
    else {
      throw BlobError(
        .authenticationFailed,
        "the URL carries no shared access signature for a container (sv, sr=c, sp, se, sig); ask listContainerSas for one"
      )
    }
    if let name = Self.unknown.first(where: { query.has($0) }) {
      throw BlobError(
        .authenticationFailed, "a shared access signature with '\(name)' is not understood here")
    }
    guard version >= Self.oldestVersion, version.utf8.count == 10 else {
      throw BlobError(
        .authenticationFailed, "a shared access signature must be of version \(Self.oldestVersion) or later")
    }
    self.signature = signature.replacing(" ", with: "+")
    self.permissions = permissions
    self.expiry = expiry
    self.version = version
    start = query["st"] ?? ""
    protocols = query["spr"] ?? ""
    overrides = Self.overrideNames.map { query[$0] ?? "" }
  }

  /// What is signed (source: "Create a service SAS", versions 2018-11-09 and 2020-12-06).
  func stringToSign(storageAccount: String, container: String) -> String {
    let scope = version >= "2020-12-06" ? [""] : []
    let lines =
      [
        permissions, start, expiry, "/blob/\(storageAccount)/\(container)", "", "", protocols, version, "c",
        "",
      ]
      + scope + overrides
    return lines.joined(separator: "\n")
  }

  /// The signature by a key.
  func signed(with key: SymmetricKey, storageAccount: String, container: String) -> [UInt8] {
    let text = stringToSign(storageAccount: storageAccount, container: container)
    return Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key))
  }

  /// Whether one of the keys made the signature; compared in constant time.
  func isSigned(by keys: [SymmetricKey], storageAccount: String, container: String) -> Bool {
    guard let code = Base64.decode(signature) else { return false }
    let text = Array(stringToSign(storageAccount: storageAccount, container: container).utf8)
    var isSigned = false
    for key in keys where HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: text, using: key) {
      isSigned = true
    }
    return isSigned
  }

  /// Whether it holds at a time, in seconds since 1970.
  func holds(at now: Int64) -> Bool {
    guard let end = Self.seconds(expiry), now < end else { return false }
    if start.isEmpty { return true }
    return Self.seconds(start).map { $0 <= now } ?? false
  }

  /// Whether it may travel by HTTP without TLS.
  var allowsPlainHTTP: Bool { protocols.isEmpty || protocols.split(separator: ",").contains("http") }

  /// The forms of time that the service takes: a day, minutes, seconds, fractions.
  private static func seconds(_ text: String) -> Int64? {
    switch text.utf8.count {
    case 10: UTCTime.seconds(text + "T00:00:00Z")
    case 17 where text.hasSuffix("Z"): UTCTime.seconds(String(text.dropLast()) + ":00Z")
    default: UTCTime.seconds(text)
    }
  }

  /// The query of a URL that carries it.
  func query(signature: [UInt8]) -> String {
    let pairs = [
      ("sv", version), ("sr", "c"), ("st", start), ("se", expiry), ("sp", permissions),
      ("sig", Base64.encode(signature)),
    ]
    return pairs.filter { !$0.1.isEmpty }.map { "\($0.0)=\(PercentEncoding.encode($0.1))" }.joined(
      separator: "&")
  }
}
