/// What the lists of a kind can be filtered and ordered by (facts: the table of filters; the service's page on
/// filtering, ordering and paging).
struct ListRules: Sendable {
  /// One property that a list knows.
  struct Field: Sendable {
    let operators: Set<String>
    var isOrderable = false
    var isTime = false
    /// Whether it is a GUID, of which the service does not keep the case (facts: trap 10).
    var isGUID = false
  }

  /// The properties, as `name` or `properties/…` in lower case.
  let fields: [String: Field]
  /// Whether the list takes `$filter`, `$orderby` and `$top` at all.
  var takesOptions = true

  private static let order: Set<String> = ["eq", "gt", "ge", "lt", "le"]
  private static let every: Set<String> = order.union(["ne"])

  static let assets = ListRules(fields: [
    "name": Field(operators: order, isOrderable: true),
    "properties/alternateid": Field(operators: ["eq"]),
    "properties/assetid": Field(operators: ["eq"], isGUID: true),
    "properties/created": Field(operators: ["eq", "gt", "lt"], isOrderable: true, isTime: true),
  ])

  static let contentKeyPolicies = ListRules(fields: [
    "name": Field(operators: every, isOrderable: true),
    "properties/created": Field(operators: every, isOrderable: true, isTime: true),
    "properties/description": Field(operators: every),
    "properties/lastmodified": Field(operators: every, isOrderable: true, isTime: true),
    "properties/policyid": Field(operators: ["eq", "ne"], isGUID: true),
  ])

  static let streamingPolicies = ListRules(fields: [
    "name": Field(operators: every, isOrderable: true),
    "properties/created": Field(operators: every, isOrderable: true, isTime: true),
  ])

  static let streamingLocators = ListRules(fields: [
    "name": Field(operators: every, isOrderable: true),
    "properties/created": Field(operators: every, isOrderable: true, isTime: true),
    "properties/endtime": Field(operators: every, isOrderable: true, isTime: true),
  ])

  /// Lists that take no options: filters, tracks, endpoints.
  static let plain = ListRules(fields: ["name": Field(operators: [], isOrderable: true)], takesOptions: false)
}
