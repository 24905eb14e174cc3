import HTTPTypes

/// The `api-version` of a request: a date, by which the shapes of answers differ (facts: live normalisation).
struct APIVersion: Sendable, Equatable {
  let text: String

  /// - Throws: `ServiceError` where it is missing, or no date.
  init(_ text: String?) throws(ServiceError) {
    guard let text, !text.isEmpty else {
      throw ServiceError(
        .badRequest, "MissingApiVersionParameter",
        "The api-version query parameter (?api-version=) is required for all requests.")
    }
    let date = text.hasSuffix("-preview") ? text.dropLast(8) : text[...]
    let isDate =
      date.utf8.count == 10
      && date.utf8.enumerated().allSatisfy { index, byte in
        index == 4 || index == 7
          ? byte == UInt8(ascii: "-") : (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      }
    guard isDate, date >= "2018-03-30" else {
      throw ServiceError(
        .badRequest, "InvalidApiVersionParameter",
        "The api-version '\(text)' is invalid. The supported versions are '2018-07-01' and those after it.")
    }
    self.text = text
  }

  /// Whether a redacted secret shows as null; before, its member is absent.
  var showsNulls: Bool { text >= "2020-05-01" }
  /// Whether envelopes carry `systemData`, and empty arrays show.
  var showsSystemData: Bool { text >= "2021-11-01" }
  /// Whether assets have tracks.
  var hasTracks: Bool { text >= "2021-11-01" }
  /// Whether the creation of a content key policy is answered with 201; the recorded ones before are all 200.
  var answersCreated: Bool { text >= "2020-05-01" }
}
