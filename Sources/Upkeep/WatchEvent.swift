package import CanonicalJSON

/// Something that happened in a watch: one line of JSON.
package struct WatchEvent: Sendable {
  /// The line's object.
  package let json: JSONValue

  /// - Parameter name: what happened.
  init(_ name: String, _ members: [(String, JSONValue)] = [], duration: Duration? = nil) {
    var object = JSONObject(members)
    object["event"] = .string(name)
    object["at"] = .string(UTCText.of(UTCText.now))
    object["version"] = 1
    object["milliseconds"] = duration.map { .number(.int64(UTCText.milliseconds($0))) }
    json = .object(object)
  }
}
