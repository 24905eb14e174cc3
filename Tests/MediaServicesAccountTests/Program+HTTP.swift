import HTTP
import Support

extension Program {
  /// Requests through the built lockstep-http.
  static func http(connections: Int, stallSeconds: Double) -> HTTPProgram {
    HTTPProgram(connections: connections, stallSeconds: stallSeconds) { Program.companion("lockstep-http") }
  }
}
