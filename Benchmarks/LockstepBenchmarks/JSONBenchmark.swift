import CanonicalJSON
import Foundation
import MediaResources
import Support

/// Canonical JSON of documents of about 600 bytes, against Foundation with sorted keys.
enum JSONBenchmark {
  static func run(_ folder: TemporaryFolder) throws -> [Row] {
    let documents = try (0..<2_000).map { try Fixture.resource($0, round: 0).canonicalBytes() }
    let size = documents.reduce(0) { $0 + $1.count } / documents.count
    var mine: [Double] = []
    var other: [Double] = []
    for _ in 0..<9 {
      mine.append(try Timing.seconds { for document in documents { try own(document) } })
      other.append(try Timing.seconds { for document in documents { try foundation(document) } })
    }
    let a = Timing.median(mine) / Double(documents.count)
    let b = Timing.median(other) / Double(documents.count)
    return [
      Row(
        what: "read and write a document of \(size) bytes canonically", figure: Timing.text(a),
        against: "JSONSerialization, sorted keys: \(Timing.text(b))", ratio: Timing.ratio(a, b),
        aim: "20 times faster")
    ]
  }

  private static func own(_ bytes: [UInt8]) throws {
    guard try JSONValue.parse(bytes).canonicalBytes().count == bytes.count else {
      throw CocoaError(.coderInvalidValue)
    }
  }

  private static func foundation(_ bytes: [UInt8]) throws {
    let object = try JSONSerialization.jsonObject(with: Data(bytes))
    let data = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .prettyPrinted])
    guard !data.isEmpty else { throw CocoaError(.coderInvalidValue) }
  }
}
