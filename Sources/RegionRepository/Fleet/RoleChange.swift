package import Git

/// Why a region became primary, as the commit says that raises the epoch.
///
///     Lockstep-Role: promote west by failover
///     Lockstep-Role-Reason: the cooling of the east hall failed
package struct RoleChange: Sendable, Equatable {
  /// What made a region primary.
  package enum Cause: String, Sendable {
    /// The primary handed over.
    case switchover
    /// The primary was gone.
    case failover
    /// Two primaries came together again.
    case rejoin
  }

  package static let trailer = "Lockstep-Role"
  package static let reasonTrailer = "Lockstep-Role-Reason"

  /// The region that becomes primary.
  package let region: RegionName
  /// What makes it that; nil where the commit does not say.
  package let cause: Cause?
  /// Why, in a person's words; nil where nobody said.
  package let reason: String?

  package init(promoting region: RegionName, by cause: Cause?, reason: String?) {
    self.region = region
    self.cause = cause
    let words = (reason ?? "").split(whereSeparator: \.isWhitespace).joined(separator: " ")
    self.reason = words.isEmpty ? nil : words
  }

  /// The trailers at the end of the message of the commit that raises the epoch, each with the end of its line.
  package var trailers: String {
    "\(Self.trailer): promote \(region)\(cause.map { " by \($0.rawValue)" } ?? "")\n"
      + (reason.map { "\(Self.reasonTrailer): \($0)\n" } ?? "")
  }

  /// Reads the trailers of a commit; nil where it has none that says so.
  package init?(of commit: RawCommit) {
    guard let words = commit.trailers(named: Self.trailer).last?.split(separator: " "),
      words.count == 2 || (words.count == 4 && words[2] == "by"), words[0] == "promote",
      let region = RegionName(String(words[1]))
    else { return nil }
    self.init(
      promoting: region, by: words.count == 4 ? Cause(rawValue: String(words[3])) : nil,
      reason: commit.trailers(named: Self.reasonTrailer).last)
  }
}
