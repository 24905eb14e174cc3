import CanonicalJSON

/// Something in a resource that a service would refuse.
package struct Finding: Sendable, Hashable {
  /// The resource.
  package let resource: ResourceID
  /// Where in its document, as a JSON pointer.
  package let pointer: String
  /// What is wrong.
  package let message: String
  /// What it names, of which one would have to be there; empty where it lacks nothing.
  package let lacking: [ResourceID]

  package init(resource: ResourceID, pointer: String, message: String, lacking: [ResourceID] = []) {
    self.resource = resource
    self.pointer = pointer
    self.message = message
    self.lacking = lacking
  }
}

/// Checks of one resource by itself: names, required properties, types, ranges, words, ids, paths.
package enum Validation {
  /// How long a name may be, in characters (facts: names).
  static let longestName = 260
  /// How many bytes a file may have, so that a million of them add up without overflow.
  private static let largestFile: Int64 = 1 << 42
  private static let forbidden = Set("<>%&:\\?/*+.'".unicodeScalars)

  /// What a service would refuse; empty for a sound resource.
  package static func check(_ resource: Resource) -> [Finding] {
    var findings: [Finding] = []
    func note(_ pointer: String, _ message: String) {
      findings.append(Finding(resource: resource.id, pointer: pointer, message: message))
    }
    if let problem = nameProblem(resource.id.name) { note("/name", problem) }
    if let asset = resource.id.assetName, let problem = nameProblem(asset) { note("/assetName", problem) }
    check(.object(resource.properties), .object(Schema.properties(of: resource.id.kind)), "/properties", note)
    if resource.id.kind == .content {
      for (index, file) in ContentView(resource).files.enumerated() {
        if let problem = pathProblem(file.path) { note("/properties/files/\(index)/path", problem) }
        if !(0...largestFile).contains(file.size) {
          note("/properties/files/\(index)/size", "\(file.size) is no size of a file")
        }
      }
    }
    if resource.id.kind == .streamingEndpoint { check(endpoint: resource, note) }
    if resource.id.kind == .asset {
      for member in ["container", "storageAccountName"] {
        guard let name = resource.properties[member]?.stringValue, let problem = folderProblem(name) else {
          continue
        }
        note("/properties/\(member)", problem)
      }
    }
    return findings
  }

  private static func check(endpoint resource: Resource, _ note: (String, String) -> Void) {
    let (name, view) = (resource.id.name, StreamingEndpointView(resource))
    let parts = name.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: true)
    let isPlain = parts.joined().allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
    if name.utf8.count > 24 || !isPlain || name.hasPrefix("-") || name.hasSuffix("-") {
      note("/name", "the name of a streaming endpoint has at most 24 letters, digits and '-' between them")
    }
    if resource.document["location"]?.stringValue == nil { note("", "\"location\" is missing") }
    guard view.isBehindCDN else { return }
    if !view.customHostNames.isEmpty {
      note("/properties/customHostNames", "an endpoint behind a CDN cannot have host names of its own")
    }
    if view.hasAccessControl {
      note("/properties/accessControl", "an endpoint behind a CDN cannot have access control")
    }
  }

  /// What is wrong with a resource's name, or nil.
  package static func nameProblem(_ name: String) -> String? {
    if name.isEmpty { return "a name must not be empty" }
    if name.utf16.count > longestName {
      return "a name has at most \(longestName) characters, this one \(name.utf16.count)"
    }
    for scalar in name.unicodeScalars {
      if forbidden.contains(scalar) { return "a name must not hold '\(scalar)'" }
      if scalar.properties.generalCategory == .control {
        return
          "a name must not hold control characters (U+\(String(scalar.value, radix: 16, uppercase: true)))"
      }
    }
    return nil
  }

  /// What is wrong with a file's path within a container, or nil.
  package static func pathProblem(_ path: String) -> String? {
    if path.isEmpty { return "a path must not be empty" }
    if path.utf8.contains(0) || path.utf8.contains(UInt8(ascii: "\\")) {
      return "a path must not hold NUL or '\\'"
    }
    for part in path.pathComponents {
      if part.isEmpty { return "a path is relative and has no empty part" }
      if part == "." || part == ".." { return "a path must not hold '\(part)'" }
    }
    return nil
  }

  /// What is wrong with the name of a container or a storage account as one folder, or nil.
  private static func folderProblem(_ name: String) -> String? {
    if name.hasPrefix("${"), name.hasSuffix("}") { return nil }
    return pathProblem(name)
      ?? (name.utf8.contains(UInt8(ascii: "/")) ? "it must be one name, without '/'" : nil)
  }

  // MARK: Shapes

  private static func check(
    _ value: JSONValue, _ shape: Shape, _ pointer: String, _ note: (String, String) -> Void
  ) {
    switch (shape, value) {
    case (.object(let properties), .object(let object)): check(object, properties, pointer, note)
    case (.oneOf(let types), .object(let object)):
      guard let properties = shape.properties(discriminator: object["@odata.type"]?.stringValue) else {
        let known = types.keys.sorted().joined(separator: ", ")
        return note(pointer + "/@odata.type", "it must be #Microsoft.Media. and one of \(known)")
      }
      check(object, properties, pointer, note)
    case (.list(let inner), .array(let elements)):
      for (index, element) in elements.enumerated() { check(element, inner, "\(pointer)/\(index)", note) }
    case (_, .null): break
    default: if let problem = scalarProblem(value, shape) { note(pointer, problem) }
    }
  }

  private static func check(
    _ object: JSONObject, _ properties: [Property], _ pointer: String, _ note: (String, String) -> Void
  ) {
    for property in properties {
      if let value = object[property.name] {
        check(value, property.shape, "\(pointer)/\(property.name)", note)
      } else if property.isRequired, !property.shape.isBool {
        note(pointer, "\"\(property.name)\" is missing")
      }
    }
  }

  private static func scalarProblem(_ value: JSONValue, _ shape: Shape) -> String? {
    switch (shape, value) {
    case (.string, .string), (.certificate, .string), (.bool, .bool), (.int64, .number(.int64)): return nil
    case (.int32, .number(.int64(let number))):
      return Int32(exactly: number) == nil ? "\(number) is beyond 32 bits" : nil
    case (.int64, .number(.bigInteger(let digits))): return "\(digits) is beyond 64 bits"
    case (.guid, .string(let text)): return isGUID(text) ? nil : "'\(text)' is no GUID"
    case (.timestamp, .string(let text)):
      return UTCTime.seconds(text) != nil ? nil : "'\(text)' is no UTC time such as 2026-12-31T23:00:00Z"
    case (.word(let words), .string(let text)):
      return words.contains(text) ? nil : "'\(text)' is none of \(words.joined(separator: ", "))"
    case (.string, _), (.certificate, _), (.guid, _), (.timestamp, _), (.word, _):
      return "it must be a string"
    case (.bool, _): return "it must be true or false"
    case (.int32, _), (.int64, _): return "it must be an integer"
    case (.list, _): return "it must be an array"
    case (.object, _), (.oneOf, _): return "it must be an object"
    }
  }

  /// Whether a text is a GUID: 32 hexadecimal digits in five groups.
  package static func isGUID(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard bytes.count == 36 else { return false }
    return bytes.enumerated().allSatisfy { index, byte in
      if [8, 13, 18, 23].contains(index) { return byte == UInt8(ascii: "-") }
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
        UInt8(ascii: "A")...UInt8(ascii: "F"):
        return true
      default: return false
      }
    }
  }
}
