import CanonicalJSON
import LiveAccount
import MediaResources
import Planning
import Testing

@testable import MediaServicesAccount

/// The requests that a service was sent, as method and path.
func asked(_ service: ServiceStandIn) async throws -> [String] {
  (try await service.state()["seen"]?.arrayValue ?? []).compactMap(\.stringValue)
}

/// The step from one form of a resource to another; none of both is its absence.
func step(_ live: Resource?, _ wanted: Resource?) throws -> PlanStep {
  let id = try #require(live ?? wanted).id
  let action: PlanStep.Action = live == nil ? .create : wanted == nil ? .delete : .replace
  return PlanStep(action: action, change: ResourceChange(id: id, live: live, wanted: wanted), phase: 1)
}
