import CanonicalJSON
import Git
package import RegionRepository

/// A primary that is being handed over: it takes no pushes, captures and applies until that has ended or was undone.
package struct Drain: Sendable, Equatable {
  /// The region that takes over.
  package let target: RegionName
  /// The repository whose run hands over.
  package let place: String

  package init(to target: RegionName, by place: String) {
    self.target = target
    self.place = place
  }

  /// The one that a region is in, or nil.
  package static func read(of region: RegionRepository) throws -> Drain? {
    guard let bytes = FilePaths.read(try path(of: region)) else { return nil }
    let document = try JSONValue.parse(bytes)
    guard let target = document["to"]?.stringValue.flatMap({ RegionName($0) }),
      let place = document["by"]?.stringValue
    else { return nil }
    return Drain(to: target, by: place)
  }

  /// Begins; durable when it returns.
  package func begin(in region: RegionRepository) throws {
    let document: JSONValue = ["by": .string(place), "to": .string(target.text), "version": 1]
    try FilePaths.writeDurably(document.canonicalBytes(), to: Self.path(of: region))
  }

  /// Ends; a region that is in none stays as it is.
  package static func end(in region: RegionRepository) throws { try FilePaths.remove(path(of: region)) }

  /// Why a change must wait.
  func refusal(of what: String, in region: RegionRepository) -> FailoverError {
    let place = region.shellPlace
    return FailoverError(
      .draining, "\(what) is refused: region \(region.name) is being handed over to \(target)",
      hint: "wait until that has ended; if it was cut off, go on: lockstep switchover --resume -C \(place);"
        + " or undo it: lockstep switchover --undo -C \(place)")
  }

  private static func path(of region: RegionRepository) throws -> String {
    try region.stateFolder() + "/drain.json"
  }
}
