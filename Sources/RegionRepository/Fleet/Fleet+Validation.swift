package import CanonicalJSON

extension Fleet {
  /// Something in a fleet's document that is not what it must be.
  package struct Problem: Sendable, Equatable {
    /// Where: a JSON pointer.
    package let pointer: String
    /// What is wrong, and what is wanted.
    package let message: String

    /// The problem in words, with its place.
    package var description: String { pointer.isEmpty ? message : "\(pointer): \(message)" }
  }

  /// What is wrong with a document as a fleet, in the order of its lines; empty where it is one.
  ///
  /// Members that this version does not know may have any value.
  package static func problems(in document: JSONValue) -> [Problem] {
    var check = FleetCheck()
    check.fleet(document)
    return check.problems
  }
}

/// Looks at a document member by member.
private struct FleetCheck {
  private(set) var problems: [Fleet.Problem] = []

  private mutating func note(_ pointer: String, _ message: String) {
    problems.append(Fleet.Problem(pointer: pointer, message: message))
  }

  mutating func fleet(_ document: JSONValue) {
    guard let fleet = document.objectValue else { return note("", "a fleet is an object") }
    epoch(fleet["epoch"])
    if let fence = fleet["fence"], fence.stringValue != "strict" {
      note("/fence", "\"strict\" is wanted, or no such member")
    }
    let regions = fleet["regions"]?.objectValue
    if let primary = fleet["primary"]?.stringValue, RegionName(primary) != nil {
      if let regions, regions[primary] == nil {
        note("/primary", "'\(primary)' is none of the fleet's regions")
      }
    } else {
      note("/primary", "the name of one of the fleet's regions is wanted")
    }
    if let regions {
      for (name, value) in regions { region(name, value) }
    } else {
      note("/regions", "an object with the regions by name is wanted")
    }
    traffic(fleet["traffic"])
  }

  private mutating func epoch(_ value: JSONValue?) {
    guard let epoch = value?.objectValue else {
      return note("/epoch", "an object with \"id\" and \"number\" is wanted")
    }
    if !(epoch["id"]?.stringValue.map(isIdentifier) ?? false) {
      note("/epoch/id", "a text of 1 to 64 letters, digits and hyphens is wanted")
    }
    range("/epoch/number", epoch["number"], 1...Fleet.lastEpochNumber)
  }

  private func isIdentifier(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }

  private mutating func region(_ name: String, _ value: JSONValue) {
    let pointer = "/regions/" + escaped(name)
    guard RegionName(name) != nil else {
      return note(pointer, "a region's name has 1 to 40 lower-case letters, digits and inner hyphens")
    }
    guard let region = value.objectValue else {
      return note(pointer, "an object with \"repository\" is wanted")
    }
    if let apply = region["apply"], apply.stringValue != Fleet.afterMirror {
      note(pointer + "/apply", "\"\(Fleet.afterMirror)\" is wanted, or no such member")
    }
    if region["repository"]?.stringValue?.isEmpty ?? true {
      note(pointer + "/repository", "a folder or a URL is wanted")
    }
    guard let targets = region["targets"] else { return }
    guard let targets = targets.objectValue else {
      return note(pointer + "/targets", "an object with URLs by service is wanted")
    }
    for service in Fleet.Service.allCases.sorted() {
      guard let url = targets[service.rawValue] else { continue }
      if url.stringValue.flatMap({ URLText($0) }) == nil {
        note("\(pointer)/targets/\(service.rawValue)", "a URL is wanted: \(URLText.form)")
      }
    }
  }

  private mutating func traffic(_ value: JSONValue?) {
    guard let value else { return }
    guard let traffic = value.objectValue else {
      return note("/traffic", "an object with \"origin\" and \"keyDelivery\" is wanted")
    }
    let services = Fleet.Service.allCases.sorted()
    for service in services {
      if let entry = traffic[service.rawValue] { self.entry("/traffic/\(service.rawValue)", entry) }
    }
    let places = services.compactMap { service -> [String]? in
      guard let entry = traffic[service.rawValue], let name = entry["hostName"]?.stringValue,
        let path = entry["path"]?.stringValue
      else { return nil }
      return [name, path]
    }
    if places.count == 2, places[0] == places[1] {
      note(
        "/traffic/origin/path",
        "it and the host's name are those of key delivery: nobody could tell them apart")
    }
  }

  private mutating func entry(_ pointer: String, _ value: JSONValue) {
    guard let entry = value.objectValue else {
      return note(pointer, "an object with \"hostName\", \"path\" and \"probe\" is wanted")
    }
    if !(entry["hostName"]?.stringValue.map(HostName.isOne) ?? false) {
      note(pointer + "/hostName", "the name of a host in lower case is wanted, without scheme, port or path")
    }
    if !(entry["path"]?.stringValue.map(RequestPath.isFolder) ?? false) {
      note(pointer + "/path", "a path that begins and ends with a slash is wanted")
    }
    guard let probe = entry["probe"]?.objectValue else {
      return note(pointer + "/probe", "an object with \"path\" is wanted")
    }
    optional("\(pointer)/probe/failures", probe["failures"], 1...10)
    optional("\(pointer)/probe/intervalSeconds", probe["intervalSeconds"], 1...3600)
    if !(probe["path"]?.stringValue.map(RequestPath.isOne) ?? false) {
      note("\(pointer)/probe/path", "a path that begins with a slash is wanted")
    }
    optional("\(pointer)/probe/timeoutSeconds", probe["timeoutSeconds"], 1...60)
  }

  private mutating func optional(_ pointer: String, _ value: JSONValue?, _ range: ClosedRange<Int64>) {
    if let value { self.range(pointer, value, range) }
  }

  private mutating func range(_ pointer: String, _ value: JSONValue?, _ range: ClosedRange<Int64>) {
    if let number = value?.int64Value, range.contains(number) { return }
    note(pointer, "a whole number from \(range.lowerBound) to \(range.upperBound) is wanted")
  }

  private func escaped(_ name: String) -> String {
    name.unicodeScalars.map { $0 == "~" ? "~0" : $0 == "/" ? "~1" : String($0) }.joined()
  }
}
