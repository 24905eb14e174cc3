import Logging

/// Writes what is logged to standard error, a line each, with the level only where it is a warning or worse.
struct AccessLines: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .info

  init(label: String) {}

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    // A path may hold what a terminal would obey.
    let text = String(
      String.UnicodeScalarView(
        event.message.description.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 }))
    Output.say(event.level >= .warning ? "\(event.level): \(text)" : text)
  }
}
