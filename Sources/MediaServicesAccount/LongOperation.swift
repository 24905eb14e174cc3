import CanonicalJSON
import LiveAccount

extension MediaServicesAccount {
  /// How long to wait between two looks at an operation, in seconds.
  private static let pollSeconds = 2.0

  /// Waits for the end of what a service only began, as it does with tracks and streaming endpoints.
  /// - Throws: `AccountError` with the service's reason where it failed.
  func complete(_ answer: ServiceAnswer, _ what: String) async throws {
    guard answer.status == 202 || answer.status == 201, let link = answer.operation else { return }
    let url = try PageLink.resolve(link, from: settings.origin, settings: settings)
    // A new resource says where it is; only an operation has a state of its own.
    guard answer.status == 202 || url.lowercased().contains("operation") else { return }
    var spent = 0.0
    while true {
      let start = client.clock.now()
      let state = try await explained {
        try await client.send(
          ServiceRequest(
            method: .get, url: url, effect: .read, billing: .read, what: "the operation on \(what)"))
      }
      let document = try? JSONValue.parse(state.body)
      switch document?["status"]?.stringValue {
      case "Succeeded": return
      case "Failed", "Canceled":
        // A success carries an error too, with the code None: only the status counts.
        throw AccountError(.io, "\(what): \(place) could not: \(ServiceComplaint(state.body).summary)")
      case nil where state.status != 202: return
      default: break
      }
      try await client.clock.wait(Self.pollSeconds, until: cancellation)
      spent += max(Self.pollSeconds, client.clock.now() - start)
      guard spent < settings.deadlineSeconds else {
        throw AccountError(
          .io, "\(what): \(place) is still at work on it after \(Int(spent)) seconds",
          hint: "run the same command again; it goes on from here")
      }
    }
  }
}
