import CanonicalJSON
import FolderAccount
import HTTP
import HTTPTypes
import MediaResources

extension ManagedAccount {
  /// A list of a kind, page by page.
  ///
  /// Ordered by name it reads the documents of one page only, unless a filter asks for more; by a time, every one, unless
  /// the order is known from a page before.
  /// - Parameters:
  ///   - extra: resources that every account has, with what the service says of them.
  ///   - show: the envelope of one resource, as this list shows it.
  func list(
    _ kind: ResourceKind, asset: String? = nil, _ call: Call, _ rules: ListRules,
    extra: [(resource: Resource, assignment: Assignment)] = [],
    show: (Resource, Assignment) throws -> JSONValue
  ) throws -> Reply {
    let options = try ListOptions(call, rules)
    let size = min(settings.pageSize, options.top ?? .max)
    var page = Page<Void>(size: size, options)
    let fixed = Dictionary(uniqueKeysWithValues: extra.map { (Array($0.resource.id.name.utf8), $0) })
    func load(_ name: String) throws -> (resource: Resource, assignment: Assignment)? {
      if let fixed = fixed[Array(name.utf8)] { return fixed }
      let id = ResourceID(kind: kind, assetName: asset, name: name)
      return try account.resource(id).map { ($0, try assignment(of: $0)) }
    }
    func consider(_ key: ListOptions.Key) throws {
      guard page.takes(key),
        options.filter.allSatisfy({ $0.field != "name" || $0.holds(for: key.name) })
      else { return }
      let rest = options.filter.filter { $0.field != "name" }
      if !rest.isEmpty {
        guard let loaded = try load(key.name), rest.allSatisfy({ $0.holds(for: value($0.field, loaded)) })
        else { return }
      }
      page.insert((), key)
    }
    func forEachName(_ body: (String) throws -> Void) throws {
      for (resource, _) in extra { try body(resource.id.name) }
      try account.forEachName(of: kind, asset: asset, body)
    }
    if options.orderedBy == "name" {
      try forEachName { try consider(ListOptions.Key(value: "", name: $0)) }
    } else {
      let keys = try order.keys(of: kind, by: options.orderedBy, at: account.mark(of: kind)) {
        var keys: [ListOptions.Key] = []
        try forEachName { name in
          guard let loaded = try load(name) else { return }
          let time = TimeOrder.key(value(options.orderedBy, loaded) ?? "")
          keys.append(ListOptions.Key(value: time, name: name))
        }
        return keys
      }
      for key in options.isDescending ? Array(keys.reversed()) : keys {
        if page.isFull { break }
        try consider(key)
      }
    }
    let (items, hasMore) = page.finished
    // One that went meanwhile is left out.
    let shown = try items.compactMap { item in
      try load(item.key.name).map { try show($0.resource, $0.assignment) }
    }
    var body: JSONObject = ["value": .array(shown)]
    let left = options.top.map { $0 - size }
    if hasMore, left ?? 1 > 0, let last = items.last {
      body["@odata.nextLink"] = .string(nextLink(call, after: last.key, top: left))
    }
    return Reply(.ok, .object(body))
  }

  /// What a list can be filtered or ordered by.
  private func value(_ field: String, _ item: (resource: Resource, assignment: Assignment)) -> String? {
    switch field {
    case "properties/created": return item.assignment.created
    case "properties/lastmodified": return item.assignment.lastModified
    case "properties/assetid", "properties/policyid": return item.assignment.id
    case "properties/endtime": return item.resource.properties["endTime"]?.stringValue ?? Self.endOfTime
    default:
      let name = field.dropFirst("properties/".utf8.count)
      return item.resource.properties.first { $0.key.lowercased() == name }?.value.stringValue
    }
  }

  /// When a locator ends that says nothing of it.
  static let endOfTime = "9999-12-31T23:59:59.9999999Z"

  private func nextLink(_ call: Call, after key: ListOptions.Key, top: Int?) -> String {
    var parts = ["api-version=\(call.version.text)"]
    for name in ["$filter", "$orderby"] {
      if let value = call.query[name] { parts.append("\(name)=\(PercentEncoding.encode(value))") }
    }
    if let top { parts.append("$top=\(top)") }
    parts.append("$skiptoken=\(ListOptions.token(key))")
    return "\(call.base)\(call.rawPath)?\(parts.joined(separator: "&"))"
  }

  func listAssets(_ call: Call) throws -> Reply {
    try list(.asset, call, .assets) { shown(asset: $0, $1, call.version) }
  }
}
