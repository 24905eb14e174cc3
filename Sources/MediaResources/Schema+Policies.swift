import CanonicalJSON

extension Schema {
  // MARK: Streaming policies

  private static let enabledProtocols = Property(
    "enabledProtocols",
    .object([
      Property("download", .bool).required, Property("dash", .bool).required, Property("hls", .bool).required,
      Property("smoothStreaming", .bool).required,
    ]))

  static let policyTracks = Shape.list(
    .object([
      Property(
        "trackSelections",
        .list(
          .object([
            Property("property", .word(["Unknown", "FourCC"])).required,
            Property("operation", .word(["Unknown", "Equal"])).required, Property("value", .string),
          ])))
    ]))

  private static let policyKeys = Property(
    "contentKeys",
    .object([
      Property("defaultKey", .object([Property("label", .string), Property("policyName", .string)])),
      Property(
        "keyToTrackMappings",
        .list(
          .object([
            Property("label", .string), Property("policyName", .string), Property("tracks", policyTracks),
          ]))),
    ]))

  private static let licenseURL = Property("customLicenseAcquisitionUrlTemplate", .string)

  private static let drm: [String: Property] = [
    "playReady": Property(
      "playReady", .object([licenseURL, Property("playReadyCustomAttributes", .string)])),
    "widevine": Property("widevine", .object([licenseURL])),
    "fairPlay": Property(
      "fairPlay", .object([licenseURL, Property("allowPersistentLicense", .bool).required])),
  ]

  private static let clearKey = Property(
    "clearKeyEncryptionConfiguration", .object([Property("customKeysAcquisitionUrlTemplate", .string)]))

  private static func common(_ names: [String]) -> Shape {
    .object([
      enabledProtocols, Property("clearTracks", policyTracks), policyKeys,
      Property("drm", .object(names.compactMap { drm[$0] })), clearKey,
    ])
  }

  static let streamingPolicy = [
    Property("created", .timestamp).readOnly, Property("defaultContentKeyPolicyName", .string),
    Property(
      "envelopeEncryption",
      .object([
        enabledProtocols, Property("clearTracks", policyTracks), policyKeys,
        Property("customKeyAcquisitionUrlTemplate", .string),
      ])),
    Property("commonEncryptionCenc", common(["playReady", "widevine"])),
    Property("commonEncryptionCbcs", common(["fairPlay", "playReady", "widevine"])),
    Property("noEncryption", .object([enabledProtocols])),
  ]

  // MARK: Content key policies

  private static let playRight = Property(
    "playRight",
    .object([
      Property("firstPlayExpiration", .string), Property("scmsRestriction", .int32),
      Property("agcAndColorStripeRestriction", .int32),
      Property(
        "explicitAnalogTelevisionOutputRestriction",
        .object([Property("bestEffort", .bool).required, Property("configurationData", .int32).required])),
      Property("digitalVideoOnlyContentRestriction", .bool).required,
      Property("imageConstraintForAnalogComponentVideoRestriction", .bool).required,
      Property("imageConstraintForAnalogComputerMonitorRestriction", .bool).required,
      Property(
        "allowPassingVideoContentToUnknownOutput",
        .word(["Unknown", "NotAllowed", "Allowed", "AllowedWithVideoConstriction"])
      ).required,
      Property("uncompressedDigitalVideoOpl", .int32), Property("compressedDigitalVideoOpl", .int32),
      Property("analogVideoOpl", .int32), Property("compressedDigitalAudioOpl", .int32),
      Property("uncompressedDigitalAudioOpl", .int32),
    ]))

  private static let playReadyLicense = Shape.object([
    Property("allowTestDevices", .bool).required,
    Property("securityLevel", .word(["Unknown", "SL150", "SL2000", "SL3000"])),
    Property("beginDate", .timestamp), Property("expirationDate", .timestamp),
    Property("relativeBeginDate", .string), Property("relativeExpirationDate", .string),
    Property("gracePeriod", .string), playRight,
    Property("licenseType", .word(["Unknown", "NonPersistent", "Persistent"])).required,
    Property(
      "contentKeyLocation",
      .oneOf([
        "ContentKeyPolicyPlayReadyContentEncryptionKeyFromHeader": [],
        "ContentKeyPolicyPlayReadyContentEncryptionKeyFromKeyIdentifier": [Property("keyId", .guid).required],
      ])
    ).required,
    Property(
      "contentType", .word(["Unknown", "Unspecified", "UltraVioletDownload", "UltraVioletStreaming"])
    ).required,
  ])

  private static let configuration = Shape.oneOf([
    "ContentKeyPolicyClearKeyConfiguration": [],
    "ContentKeyPolicyUnknownConfiguration": [],
    "ContentKeyPolicyWidevineConfiguration": [Property("widevineTemplate", .string).required],
    "ContentKeyPolicyPlayReadyConfiguration": [
      Property("licenses", .list(playReadyLicense)).required, Property("responseCustomData", .string),
    ],
    "ContentKeyPolicyFairPlayConfiguration": [
      Property("ask", .string).required.secret, Property("fairPlayPfx", .string).required.secret,
      Property("fairPlayPfxPassword", .string).required.secret,
      Property(
        "rentalAndLeaseKeyType",
        .word(["Unknown", "Undefined", "DualExpiry", "PersistentUnlimited", "PersistentLimited"])
      ).required,
      Property("rentalDuration", .int64).required,
      Property(
        "offlineRentalConfiguration",
        .object([
          Property("playbackDurationSeconds", .int32).required,
          Property("storageDurationSeconds", .int32).required,
        ])),
    ],
  ])

  private static let tokenKey = Shape.oneOf([
    "ContentKeyPolicySymmetricTokenKey": [Property("keyValue", .string).required.secret],
    "ContentKeyPolicyRsaTokenKey": [
      Property("exponent", .string).required.secret, Property("modulus", .string).required.secret,
    ],
    "ContentKeyPolicyX509CertificateTokenKey": [Property("rawBody", .certificate).required.secret],
  ])

  private static let restriction = Shape.oneOf([
    "ContentKeyPolicyOpenRestriction": [],
    "ContentKeyPolicyUnknownRestriction": [],
    "ContentKeyPolicyTokenRestriction": [
      Property("issuer", .string).required, Property("audience", .string).required,
      Property("primaryVerificationKey", tokenKey).required,
      Property("alternateVerificationKeys", .list(tokenKey)),
      Property(
        "requiredClaims",
        .list(.object([Property("claimType", .string), Property("claimValue", .string)]))),
      Property("restrictionTokenType", .word(["Unknown", "Swt", "Jwt"])).required,
      Property("openIdConnectDiscoveryDocument", .string),
    ],
  ])

  static let contentKeyPolicy = [
    Property("policyId", .guid).readOnly, Property("created", .timestamp).readOnly,
    Property("lastModified", .timestamp).readOnly, Property("description", .string).default(""),
    Property(
      "options",
      .list(
        .object([
          Property("policyOptionId", .guid).readOnly, Property("name", .string),
          Property("configuration", configuration).required, Property("restriction", restriction).required,
        ]))
    ).required,
  ]
}
