import HTTPTypes

/// The conditions of a request (RFC 9110 §13).
struct Conditions: Sendable {
  /// What tells a version of something from the others.
  struct Version: Sendable {
    /// In quotes.
    let etag: String
    /// In seconds since 1970.
    let modified: Int64
  }

  private let match: [String]?
  private let noneMatch: [String]?
  private let modifiedSince: Int64?
  private let unmodifiedSince: Int64?

  /// - Parameter prefix: `x-ms-source-` for the conditions on a copy's source.
  init(_ fields: HTTPFields, prefix: String = "") {
    func tags(_ name: String) -> [String]? {
      fields[named: prefix + name].map { text in
        text.split(separator: ",").map { tag in
          let plain = tag.drop(while: { $0 == " " }).trimmingSuffix(while: { $0 == " " })
          return plain == "*" || plain.hasPrefix("\"") ? String(plain) : "\"\(plain)\""
        }
      }
    }
    match = tags("if-match")
    noneMatch = tags("if-none-match")
    modifiedSince = fields[named: prefix + "if-modified-since"].flatMap { ServerTime.seconds(http: $0) }
    unmodifiedSince = fields[named: prefix + "if-unmodified-since"].flatMap { ServerTime.seconds(http: $0) }
  }

  /// Refuses a request whose conditions do not hold.
  /// - Parameters:
  ///   - current: what stands there now; nil for nothing.
  ///   - isRead: whether the blob is to be read, so that "not modified" is an answer.
  func check(_ current: Version?, isRead: Bool) throws(BlobError) {
    if let match {
      guard let current, match.contains("*") || match.contains(current.etag) else {
        throw BlobError(
          .conditionNotMet, "If-Match names another version of the blob than the one that is there")
      }
    }
    if let noneMatch, let current {
      if noneMatch.contains("*"), !isRead { throw BlobError(.blobExists, "the blob is there already") }
      if noneMatch.contains("*") || noneMatch.contains(current.etag) {
        throw BlobError(
          isRead ? .notModified : .conditionNotMet, "If-None-Match names the version that is there")
      }
    } else if let modifiedSince, let current, current.modified <= modifiedSince {
      throw BlobError(isRead ? .notModified : .conditionNotMet, "the blob has not changed since")
    }
    if let unmodifiedSince, let current, current.modified > unmodifiedSince {
      throw BlobError(.conditionNotMet, "the blob has changed since")
    }
  }
}

extension StringProtocol {
  fileprivate func trimmingSuffix(while isDropped: (Character) -> Bool) -> SubSequence {
    var end = endIndex
    while end > startIndex, isDropped(self[index(before: end)]) { end = index(before: end) }
    return self[startIndex..<end]
  }
}
