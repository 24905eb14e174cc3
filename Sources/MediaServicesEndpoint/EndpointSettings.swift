/// How an endpoint is reached, and by whom.
package struct EndpointSettings: Sendable {
  /// The address to listen at.
  package var host: String
  /// The port to listen at; 0 for any.
  package var port: Int

  package init(host: String = "127.0.0.1", port: Int = 0) {
    self.host = host
    self.port = port
  }
}
