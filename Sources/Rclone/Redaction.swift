/// Takes secrets out of what rclone says.
struct Redaction {
  private let secrets: [String]

  /// What is shorter would be found in ordinary words.
  private static let shortest = 8

  init(_ remotes: [RcloneRemote]) {
    let values = remotes.flatMap(\.secrets)
    let queries = values.compactMap { value in
      value.firstIndex(of: "?").map { String(value[value.index(after: $0)...]) }
    }
    // The longest first: a part of one that is left would still tell something.
    secrets = (values + queries).filter { $0.utf8.count >= Self.shortest }.sorted { $0.count > $1.count }
  }

  func clean(_ text: String) -> String {
    var text = text
    for secret in secrets { text.replace(secret, with: "…") }
    return Self.withoutSignatures(text)
  }

  /// A signature is a secret wherever it comes from: a remote of the person's own may carry one, too.
  private static func withoutSignatures(_ text: String) -> String {
    var rest = text[...]
    var cleaned = ""
    while let mark = rest.firstRange(of: "sig=") {
      cleaned += rest[..<mark.upperBound] + "…"
      rest = rest[mark.upperBound...].drop { !"&\"' \t\n)>]".contains($0) }
    }
    return cleaned + rest
  }
}
