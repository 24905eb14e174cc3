package import Git
package import MediaResources

extension CommitGuard {
  /// What a commit or a push must keep to; the raw value is the name that people and programs see.
  package enum Rule: String, CaseIterable, Sendable {
    /// A file stands where a document of a region has its place.
    case place
    /// Files are ordinary ones with UTF-8 names: no links, programs, repositories.
    case ordinaryFile = "ordinary-file"
    /// No file is larger than a document can be.
    case size
    /// A document is one: JSON with what every resource has.
    case document
    /// A document's bytes are canonical JSON.
    case canonical
    /// A document stands where its name belongs.
    case path
    /// A service would take the resource.
    case schema
    /// No secret stands in clear.
    case secret
    /// A sealed value's data key is there.
    case unknownKey = "unknown-key"
    /// No data key and no list of recipients is taken out.
    case lostKey = "lost-key"
    /// The list of recipients and the wrapped data keys can be understood.
    case recipients
    /// The tree claims to be the region that the repository is.
    case region
    /// What a resource refers to is there.
    case reference
    /// No two resources claim one id.
    case unique
    /// No id and no key changes silently.
    case identity
    /// The fleet's epoch only rises, and the primary changes with it alone.
    case epoch
    /// Only the region's branch is pushed, and peers' own commits.
    case ref
    /// History is not rewritten.
    case history
    /// A trailer that names a commit as the origin is what deriving the commit again yields.
    case trailer
    /// Who is in the fleet, who may open secrets and what the region is: an administrator signs.
    case administrator

    /// Every rule.
    package static let all = Set(allCases)

    /// The rules that a file is judged by, whatever else is in the commit.
    static let ofFiles: Set<Rule> = [
      .place, .ordinaryFile, .size, .document, .canonical, .path, .schema, .secret, .unknownKey, .lostKey,
      .recipients, .region,
    ]

    /// What the originals of another region must keep to: the rest was judged where they were made.
    package static let ofOriginals: Set<Rule> = [.place, .ordinaryFile, .size, .secret, .recipients, .region]
  }

  /// Something that a rule forbids.
  package struct Finding: Sendable, Hashable {
    /// The rule.
    package let rule: Rule
    /// The commit that brings it; nil where it is the push as such.
    package let commit: ObjectID?
    /// The file, from the root of the repository; of a push as such, the ref.
    package let path: String
    /// The line in the file, from 1, where there is one.
    package let line: Int?
    /// What is wrong; no secret is in it.
    package let message: String
    /// The command or action that mends it.
    package let mend: String
    /// The resources that do not go together, where it is that.
    package let resources: [ResourceID]

    package init(
      _ rule: Rule, commit: ObjectID?, path: String, line: Int? = nil, _ message: String, mend: String,
      resources: [ResourceID] = []
    ) {
      self.rule = rule
      self.commit = commit
      self.path = path
      self.line = line
      self.message = message
      self.mend = mend
      self.resources = resources
    }
  }
}

extension CommitGuard.Finding: CustomStringConvertible {
  package var description: String { line(mend: mend) }

  /// The finding as one line: file, line, what, rule, commit, mend.
  /// - Parameter tips: the newest commits; only they can be amended as they are.
  package func line(pushing tips: Set<ObjectID>) -> String { line(mend: mend(from: tips)) }

  /// What mends it in a history that ends in some commits; only they can be amended as they are.
  package func mend(from tips: Set<ObjectID>) -> String {
    guard let commit, !tips.contains(commit), mend.contains("--amend") else { return mend }
    return
      "git rebase -i \(commit.abbreviated)~ (--root where that is a first commit), with 'edit' before it, and there:"
      + " \(mend)"
  }

  private func line(mend: String) -> String {
    let place = line.map { "\(path):\($0)" } ?? path
    let origin = commit.map { ", commit \($0.abbreviated)" } ?? ""
    let text = "\(place): \(message) (\(rule.rawValue)\(origin)); to mend it: \(mend)"
    guard text.unicodeScalars.contains(where: \.isControl) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { $0.isControl ? "?" : $0 }))
  }
}

extension Unicode.Scalar {
  /// Whether the scalar would do more on a terminal than show.
  fileprivate var isControl: Bool {
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}
