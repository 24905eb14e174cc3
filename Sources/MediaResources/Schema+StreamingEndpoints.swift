import CanonicalJSON

extension Schema {
  private static let akamaiKeys = Property(
    "akamaiSignatureHeaderAuthenticationKeyList",
    .list(
      .object([
        Property("identifier", .string), Property("base64Key", .string).secret,
        Property("expiration", .timestamp),
      ])))

  private static let allowedAddresses = Property(
    "allow",
    .list(
      .object([
        Property("name", .string), Property("address", .string), Property("subnetPrefixLength", .int32),
      ])))

  static let streamingEndpoint = [
    Property("hostName", .string).readOnly, Property("provisioningState", .string).readOnly,
    Property("resourceState", .string).readOnly, Property("freeTrialEndTime", .timestamp).readOnly,
    Property("created", .timestamp).readOnly, Property("lastModified", .timestamp).readOnly,
    // Accepted, and given back as null (facts: live normalisation).
    Property("availabilitySetName", .string).readOnly,
    Property("description", .string).default(""), Property("scaleUnits", .int32).required,
    Property(
      "accessControl",
      .object([
        Property("akamai", .object([akamaiKeys])), Property("ip", .object([allowedAddresses])),
      ])),
    Property("maxCacheAge", .int64), Property("customHostNames", .list(.string)),
    Property("cdnEnabled", .bool).default(false), Property("cdnProvider", .string).default(""),
    Property("cdnProfile", .string).default(""),
    Property(
      "crossSiteAccessPolicies",
      .object([Property("clientAccessPolicy", .string), Property("crossDomainPolicy", .string)])),
  ]
}
