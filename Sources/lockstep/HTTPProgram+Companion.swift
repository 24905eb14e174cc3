import HTTP
import RegionRepository

extension HTTPProgram {
  /// Requests through the program `lockstep-http` beside this one, or in PATH; it is looked for with the first request.
  convenience init(connections: Int, stallSeconds: Double) {
    self.init(connections: connections, stallSeconds: stallSeconds) {
      do throws(RegionError) { return try ThisProgram.companion("lockstep-http") } catch {
        throw HTTPFailure(.noProgram, error.message, hint: error.hint)
      }
    }
  }
}
