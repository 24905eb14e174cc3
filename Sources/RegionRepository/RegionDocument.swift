import CanonicalJSON

/// `local/region.json`: what a region says of itself, in its own tree.
///
///     { "name": "east", "properties": { "bindings": { "storage.main": "eaststorage" }, "formatVersion": 1 } }
package struct RegionDocument: Sendable, Equatable {
  /// Where the document stands in a region's tree.
  package static let path = "local/region.json"
  /// The version of the layout that this program writes; a newer one is refused.
  package static let formatVersion: Int64 = 1

  /// The region that the tree claims to be.
  package let name: RegionName
  /// This region's own names for the shared symbols.
  package let bindings: Bindings

  package init(name: RegionName, bindings: Bindings) {
    self.name = name
    self.bindings = bindings
  }

  /// Reads the document.
  /// - Throws: `RegionError` (`.badDocument`) naming the line or the member.
  package init(bytes: [UInt8]) throws(RegionError) {
    let value: JSONValue
    do { value = try JSONValue.parse(bytes) } catch {
      throw RegionError(.badDocument, "\(Self.path):\(error)")
    }
    guard let text = value["name"]?.stringValue, let name = RegionName(text) else {
      throw RegionError(.badDocument, "\(Self.path): \"name\" is no region's name")
    }
    let version = value["properties"]?["formatVersion"]?.int64Value ?? 0
    guard version == Self.formatVersion else {
      throw RegionError(
        .badDocument, "\(Self.path) has format version \(version), this program knows \(Self.formatVersion)",
        hint: version > Self.formatVersion ? "install a newer lockstep" : nil)
    }
    var values: [String: String] = [:]
    for (symbol, bound) in value["properties"]?["bindings"]?.objectValue ?? JSONObject() {
      guard let text = bound.stringValue else {
        throw RegionError(.badDocument, "\(Self.path): the binding \(symbol) is no string")
      }
      values[symbol] = text
    }
    self.name = name
    bindings = try Bindings(values)
  }

  /// The document as it stands in the tree.
  package func canonicalBytes() -> [UInt8] {
    let bound = JSONObject(bindings.values.map { ($0.key, JSONValue.string($0.value)) })
    let properties = JSONObject([
      ("bindings", .object(bound)), ("formatVersion", .number(.int64(Self.formatVersion))),
    ])
    return JSONValue.object(JSONObject([("name", .string(name.text)), ("properties", .object(properties))]))
      .canonicalBytes()
  }
}
