import CanonicalJSON

/// The properties of each kind (sources: the field table of azure-mgmt-media 10.2.1, OpenAPI 2018-07-01 and 2023-01-01).
enum Schema {
  static func properties(of kind: ResourceKind) -> [Property] {
    switch kind {
    case .contentKeyPolicy: contentKeyPolicy
    case .streamingPolicy: streamingPolicy
    case .accountFilter, .assetFilter: filter
    case .asset: asset
    case .content: content
    case .assetTrack: track
    case .streamingLocator: streamingLocator
    case .streamingEndpoint: streamingEndpoint
    }
  }

  /// Members of the envelope that the service sets.
  static let readOnlyEnvelope = ["id", "type", "systemData", "supplemental"]

  private static let asset = [
    Property("assetId", .guid).readOnly, Property("created", .timestamp).readOnly,
    Property("lastModified", .timestamp).readOnly, Property("storageEncryptionFormat", .string).readOnly,
    Property("alternateId", .string).default(""), Property("description", .string).default(""),
    Property("container", .string), Property("storageAccountName", .string),
    Property("encryptionScope", .string),
    // Absent and Retain are one: Lockstep keeps files unless a document says Delete.
    Property("containerDeletionPolicy", .word(["Retain", "Delete"])).default("Retain"),
  ]

  private static let content = [
    Property(
      "files",
      .list(
        .object([
          Property("path", .string).required, Property("size", .int64).required, Property("md5", .string),
          Property("sha256", .string),
        ]))
    ).required
  ]

  private static let filter = [
    Property(
      "presentationTimeRange",
      .object([
        Property("startTimestamp", .int64), Property("endTimestamp", .int64),
        Property("presentationWindowDuration", .int64), Property("liveBackoffDuration", .int64),
        Property("timescale", .int64), Property("forceEndTimestamp", .bool),
      ])),
    Property("firstQuality", .object([Property("bitrate", .int32).required])),
    Property(
      "tracks",
      .list(
        .object([
          Property(
            "trackSelections",
            .list(
              .object([
                Property("property", .word(["Unknown", "Type", "Name", "Language", "FourCC", "Bitrate"]))
                  .required,
                Property("value", .string).required,
                Property("operation", .word(["Equal", "NotEqual"])).required,
              ]))
          ).required
        ]))),
  ]

  private static let hlsSettings = Property(
    "hlsSettings",
    .object([Property("default", .bool), Property("forced", .bool), Property("characteristics", .string)]))

  private static let track = [
    Property("provisioningState", .string).readOnly,
    Property(
      "track",
      .oneOf([
        "AudioTrack": [
          Property("fileName", .string), Property("displayName", .string), Property("languageCode", .string),
          hlsSettings, Property("dashSettings", .object([Property("role", .string)])),
          Property("mpeg4TrackId", .int32), Property("bitRate", .int32).readOnly,
        ],
        "VideoTrack": [],
        "TextTrack": [
          Property("fileName", .string), Property("displayName", .string),
          Property("languageCode", .string).readOnly,
          Property("playerVisibility", .word(["Hidden", "Visible"])).default("Visible"), hlsSettings,
        ],
      ])),
  ]

  private static let streamingLocator = [
    Property("created", .timestamp).readOnly,
    Property("assetName", .string).required, Property("streamingPolicyName", .string).required,
    Property("defaultContentKeyPolicyName", .string), Property("streamingLocatorId", .guid),
    Property("startTime", .timestamp),
    Property("endTime", .timestamp).default("9999-12-31T23:59:59.9999999Z"),
    Property("alternativeMediaId", .string), Property("filters", .list(.string)),
    Property(
      "contentKeys",
      .list(
        .object([
          Property("id", .guid).required, Property("labelReferenceInStreamingPolicy", .string),
          Property("value", .string).secret, Property("type", .string).readOnly,
          Property("policyName", .string).readOnly, Property("tracks", policyTracks).readOnly,
        ]))),
  ]
}
