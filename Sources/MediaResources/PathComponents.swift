extension StringProtocol {
  /// The parts between slashes, empty ones included, cut by bytes.
  ///
  /// Cut by characters, a slash with a combining mark behind it would be no slash, though every file system takes it for
  /// one.
  package var pathComponents: [String] {
    utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }
  }
}
