import MediaResources

/// What the index finds resources by: a number made of an id that is claimed, or of a resource that is referred to.
///
/// Two of them may share a number: what is found is read and looked at.
enum IndexKey {
  static func claim(_ claim: IdentityClaim) -> Int64 {
    number(claim.kind == .locatorID ? 1 : 2, claim.id.utf8)
  }

  static func target(_ id: ResourceID) -> Int64 { number(3, bytes(of: id)) }

  /// Everything by which a resource is found.
  static func all(of resource: Resource) -> Set<Int64> {
    let claims = telling(Identity.claims(of: resource), of: resource).map(claim)
    return Set(claims + References.of(resource).flatMap(\.targets).map(target))
  }

  /// The claims of which a clash can be told without a key: not those on content keys whose values are sealed.
  static func telling(_ claims: [IdentityClaim], of resource: Resource) -> [IdentityClaim] {
    let clear = StreamingLocatorView(resource).contentKeys.filter { !$0.isSealed && $0.value != nil }
      .map { $0.id.lowercased() }
    return claims.filter { $0.kind == .locatorID || clear.contains($0.id) }
  }

  /// The kinds whose resources claim or refer to something.
  static let kinds: Set<ResourceKind> = [
    .streamingLocator, .streamingPolicy, .content, .assetFilter, .assetTrack,
  ]

  /// A resource as the index stores it.
  static func bytes(of id: ResourceID) -> [UInt8] {
    let kind = ResourceKind.allCases.firstIndex(of: id.kind) ?? 0
    return [UInt8(kind)] + Array((id.assetName ?? "").utf8) + [0] + Array(id.name.utf8)
  }

  /// The resource that the index stored; nil for bytes that are none of its.
  static func resource(_ bytes: [UInt8]) -> ResourceID? {
    guard let number = bytes.first, Int(number) < ResourceKind.allCases.count,
      let separator = bytes.dropFirst().firstIndex(of: 0)
    else { return nil }
    let kind = ResourceKind.allCases[Int(number)]
    let asset = String(decoding: bytes[1..<separator], as: UTF8.self)
    return ResourceID(
      kind: kind, assetName: kind.isChildOfAsset ? asset : nil,
      name: String(decoding: bytes[(separator + 1)...], as: UTF8.self))
  }

  /// FNV-1a.
  private static func number(_ kind: UInt8, _ bytes: some Sequence<UInt8>) -> Int64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    add(kind)
    for byte in bytes { add(byte) }
    return Int64(bitPattern: hash)
  }
}
