package import CanonicalJSON
package import RegionRepository

/// Something that a push left to be done.
///
/// Of one kind and region there is one task, however often it was wanted: doing it once does it for every push before.
package struct UpkeepTask: Sendable, Equatable {
  /// What is to be done.
  package enum Kind: String, Sendable, CaseIterable {
    /// Bring a region's repository, and the primary's, into step.
    case mirror
    /// Tell a region on another machine to fetch.
    case notify
    /// Make a region's account match its repository.
    case apply
  }

  /// What it is, by which it is found again.
  package struct ID: Sendable, Hashable, Comparable {
    /// What is to be done.
    package let kind: Kind
    /// For which region.
    package let region: RegionName

    package init(_ kind: Kind, _ region: RegionName) {
      self.kind = kind
      self.region = region
    }

    /// In the order in which they are done.
    package static func < (a: ID, b: ID) -> Bool {
      (a.order, a.region.text) < (b.order, b.region.text)
    }

    private var order: Int { Kind.allCases.firstIndex(of: kind) ?? 0 }
  }

  /// Why it could not be done.
  package struct Failure: Sendable, Equatable {
    /// What happened, to what, and why.
    package var message: String
    /// The command that mends it.
    package var hint: String?
    /// When it failed first, in seconds since 1970.
    package var since: Int64
    /// How often it was tried.
    package var attempts: Int64
    /// Whether the account matched all the same, and what failed came after: a publication whose time had come.
    package var isBeyondApply = false
    /// Whether trying again does not help, because a person must say something.
    package var needsPerson = false
  }

  /// What it is.
  package let id: ID
  /// The number of the newest wish.
  package var wanted: Int64
  /// The number of the newest wish that is done.
  package var done: Int64
  /// The number of the newest wish that was tried in vain.
  package var tried: Int64
  /// When it was wanted last, in seconds since 1970.
  package var requested: Int64
  /// Why it could not be done, as long as it is not.
  package var failure: Failure?
  /// What was done last, in words.
  package var result: String?

  init(id: ID) {
    self.id = id
    wanted = 0
    done = 0
    tried = 0
    requested = 0
  }

  /// Whether something is left to do.
  package var isOpen: Bool { wanted > done }

  /// The task in a JSON report.
  package var json: JSONValue {
    [
      "attempts": .number(.int64(failure?.attempts ?? 0)),
      "error": failure.map { .string($0.message) } ?? .null,
      "hint": failure?.hint.map { .string($0) } ?? .null, "kind": .string(id.kind.rawValue),
      "region": .string(id.region.text), "requested": .string(UTCText.of(requested)),
      "since": failure.map { .string(UTCText.of($0.since)) } ?? .null,
    ]
  }

  /// What gets it done: the command that the failure names, where a person must say something; else another mirror.
  package func mend(in region: RegionRepository) -> String {
    if let failure, failure.needsPerson, let hint = failure.hint { return hint }
    return "lockstep mirror -C \(region.shellPlace)"
  }

  /// A line for people.
  package var summary: String {
    let what =
      switch id.kind {
      case .mirror: "mirroring with \(id.region)"
      case .apply: "applying in \(id.region)"
      case .notify: "telling \(id.region) to fetch"
      }
    guard let failure else { return "\(what) waits since \(UTCText.of(requested))" }
    let tries = failure.attempts == 1 ? "once" : "\(failure.attempts) times"
    return "\(what) failed \(tries) since \(UTCText.of(failure.since)): \(failure.message)"
  }
}

extension UpkeepTask {
  /// The task as its file has it.
  var document: JSONValue {
    var object: JSONObject = [
      "done": .number(.int64(done)), "requested": .number(.int64(requested)), "tried": .number(.int64(tried)),
      "version": 1, "wanted": .number(.int64(wanted)),
    ]
    object["result"] = result.map { .string($0) }
    if let failure {
      object["failure"] = [
        "attempts": .number(.int64(failure.attempts)), "beyondApply": .bool(failure.isBeyondApply),
        "hint": failure.hint.map { .string($0) } ?? .null,
        "message": .string(failure.message), "needsPerson": .bool(failure.needsPerson),
        "since": .number(.int64(failure.since)),
      ]
    }
    return .object(object)
  }

  /// Reads a file; one that is damaged is a task that has to be done.
  init(id: ID, bytes: [UInt8]) {
    self.init(id: id)
    guard let object = (try? JSONValue.parse(bytes))?.objectValue, let wanted = object["wanted"]?.int64Value,
      let done = object["done"]?.int64Value
    else {
      wanted = 1
      return
    }
    self.wanted = wanted
    self.done = done
    tried = object["tried"]?.int64Value ?? 0
    requested = object["requested"]?.int64Value ?? 0
    result = object["result"]?.stringValue
    if let failure = object["failure"]?.objectValue {
      self.failure = Failure(
        message: failure["message"]?.stringValue ?? "", hint: failure["hint"]?.stringValue,
        since: failure["since"]?.int64Value ?? 0, attempts: failure["attempts"]?.int64Value ?? 1,
        isBeyondApply: failure["beyondApply"]?.boolValue ?? false,
        needsPerson: failure["needsPerson"]?.boolValue ?? false)
    }
  }
}
