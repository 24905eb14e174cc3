/// Which resource: its kind, its name, and for a child of an asset the asset's name.
///
/// Names are compared by their UTF-8 bytes: two names that Unicode calls equivalent are two names to the services.
package struct ResourceID: Sendable {
  /// The kind.
  package let kind: ResourceKind
  /// The asset that a filter or a track belongs to; nil for every other kind.
  package let assetName: String?
  /// The name.
  package let name: String

  package init(kind: ResourceKind, assetName: String?, name: String) {
    self.kind = kind
    self.assetName = assetName
    self.name = name
  }

  /// Reads `locator/NAME` or `asset-filter/ASSET/NAME`; nil for anything else.
  package init?(argument: String) {
    let parts = argument.pathComponents
    guard let noun = parts.first, let kind = ResourceKind(noun: noun),
      parts.count == (kind.isChildOfAsset ? 3 : 2),
      !parts.contains(where: \.isEmpty)
    else { return nil }
    self.init(
      kind: kind, assetName: kind.isChildOfAsset ? parts[1] : nil, name: parts[parts.count - 1])
  }
}

extension ResourceID: Hashable, Comparable, CustomStringConvertible {
  package static func == (a: ResourceID, b: ResourceID) -> Bool {
    a.kind == b.kind && a.name.utf8.elementsEqual(b.name.utf8)
      && (a.assetName ?? "").utf8.elementsEqual((b.assetName ?? "").utf8)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(kind)
    for text in [assetName ?? "", name] {
      var text = text
      text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
      hasher.combine(0xFF as UInt8)
    }
  }

  package static func < (a: ResourceID, b: ResourceID) -> Bool {
    if a.kind != b.kind { return a.kind < b.kind }
    if !(a.assetName ?? "").utf8.elementsEqual((b.assetName ?? "").utf8) {
      return (a.assetName ?? "").utf8.lexicographicallyPrecedes((b.assetName ?? "").utf8)
    }
    return a.name.utf8.lexicographicallyPrecedes(b.name.utf8)
  }

  package var description: String {
    "\(kind.noun)/\(assetName.map { "\($0)/" } ?? "")\(name)"
  }
}

extension ResourceID {
  /// The id on one line of a message: control characters shown as `?`.
  package var summary: String {
    let description = description
    guard description.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return description }
    return String(
      String.UnicodeScalarView(
        description.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 }))
  }
}
