import HTTPTypes

/// Why a request for blobs is refused, as the storage service says it: a status, a code, and words.
///
/// Never holds a signature.
struct BlobError: Error, Sendable, Equatable {
  /// A code of the storage service with its status (source: its list of error codes).
  struct Code: Sendable, Equatable {
    let name: String
    let status: HTTPResponse.Status

    private init(_ name: String, _ status: HTTPResponse.Status) {
      self.name = name
      self.status = status
    }

    static let authenticationFailed = Code("AuthenticationFailed", .forbidden)
    static let permissionMismatch = Code("AuthorizationPermissionMismatch", .forbidden)
    static let protocolMismatch = Code("AuthorizationProtocolMismatch", .forbidden)
    static let containerNotFound = Code("ContainerNotFound", .notFound)
    static let containerExists = Code("ContainerAlreadyExists", .conflict)
    static let blobNotFound = Code("BlobNotFound", .notFound)
    static let blobExists = Code("BlobAlreadyExists", .conflict)
    static let conditionNotMet = Code("ConditionNotMet", .preconditionFailed)
    static let notModified = Code("ConditionNotMet", .notModified)
    static let invalidRange = Code("InvalidRange", .rangeNotSatisfiable)
    static let invalidBlockList = Code("InvalidBlockList", .badRequest)
    static let invalidBlockID = Code("InvalidBlobOrBlock", .badRequest)
    static let blockCountExceeded = Code("BlockCountExceedsLimit", .conflict)
    static let invalidXML = Code("InvalidXmlDocument", .badRequest)
    static let invalidURI = Code("InvalidUri", .badRequest)
    static let invalidResourceName = Code("InvalidResourceName", .badRequest)
    static let pathConflict = Code("ResourceTypeMismatch", .conflict)
    static let invalidHeaderValue = Code("InvalidHeaderValue", .badRequest)
    static let missingHeader = Code("MissingRequiredHeader", .badRequest)
    static let unsupportedHeader = Code("UnsupportedHeader", .badRequest)
    static let missingContentLength = Code("MissingContentLengthHeader", .lengthRequired)
    static let tooLarge = Code("RequestBodyTooLarge", .contentTooLarge)
    static let md5Mismatch = Code("Md5Mismatch", .badRequest)
    static let invalidMD5 = Code("InvalidMd5", .badRequest)
    static let metadataTooLarge = Code("MetadataTooLarge", .badRequest)
    static let invalidQueryParameterValue = Code("InvalidQueryParameterValue", .badRequest)
    static let unsupportedQueryParameter = Code("UnsupportedQueryParameter", .badRequest)
    static let unsupportedVerb = Code("UnsupportedHttpVerb", .methodNotAllowed)
    static let cannotVerifyCopySource = Code("CannotVerifyCopySource", .forbidden)
    static let operationTimedOut = Code("OperationTimedOut", .internalServerError)
    static let serverBusy = Code("ServerBusy", .serviceUnavailable)
    static let insufficientStorage = Code("InsufficientStorage", HTTPResponse.Status(code: 507))
    static let internalError = Code("InternalError", .internalServerError)
  }

  let code: Code
  /// What happened, to what, and why.
  let message: String

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// A query that cannot be read.
  static let invalidQuery = BlobError(
    .invalidQueryParameterValue, "the query has a broken escape, or a parameter with two values")
}
