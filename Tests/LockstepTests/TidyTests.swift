import Foundation
import Testing

/// The architecture as a test: which room may import which, and what stands nowhere.
@Suite struct TidyTests {
  /// The rooms in the order in which data flows; a room may import those above it that are named here.
  private static let rooms: [String: Set<String>] = [
    "CanonicalJSON": [],
    "Programs": [],
    "HTTP": ["CanonicalJSON", "Programs"],
    "Git": ["CLibgit2", "CZlib", "Programs", "Crypto"],
    "MediaResources": ["CanonicalJSON", "Crypto"],
    "Age": ["Programs", "Crypto", "CryptoExtras"],
    "Sealing": ["Age", "MediaResources", "CanonicalJSON", "Crypto", "CryptoExtras"],
    "RegionRepository": ["Git", "MediaResources", "CanonicalJSON", "Sealing"],
    "CommitGuard": ["RegionRepository", "Git", "MediaResources", "Sealing", "CanonicalJSON", "CSQLite"],
    "Replay": ["CommitGuard", "RegionRepository", "Git", "MediaResources", "Sealing"],
    "History": ["RegionRepository", "Git", "MediaResources", "Sealing", "CanonicalJSON"],
    "Report": ["History", "MediaResources", "CanonicalJSON"],
    "Planning": ["MediaResources", "CanonicalJSON"],
    "Rclone": ["Programs", "CanonicalJSON"],
    "LiveAccount": [
      "RegionRepository", "Planning", "Git", "MediaResources", "Sealing", "CanonicalJSON", "Rclone",
      "CPlatform",
      "Crypto",
    ],
    "StreamingMedia": ["Crypto", "CryptoExtras"],
    "FolderAccount": [
      "LiveAccount", "StreamingMedia", "HTTP", "MediaResources", "CanonicalJSON", "Crypto", "CryptoExtras",
    ],
    "MediaServicesAccount": [
      "LiveAccount", "Planning", "HTTP", "MediaResources", "CanonicalJSON", "Programs", "Rclone", "Crypto",
      "FoundationEssentials", "Foundation",
    ],
    "MediaServicesEndpoint": [
      "FolderAccount", "LiveAccount", "HTTP", "RegionRepository", "MediaResources", "CanonicalJSON",
      "Hummingbird", "HummingbirdCore", "HummingbirdTLS", "HTTPTypes", "NIOCore", "NIOSSL", "JWTKit",
      "Crypto",
      "CryptoExtras", "X509", "Logging",
      "Foundation",
    ],
    "Failover": [
      "HTTP", "Replay", "LiveAccount", "CommitGuard", "Planning", "Rclone", "StreamingMedia",
      "RegionRepository", "Git",
      "MediaResources", "Sealing", "CanonicalJSON", "Crypto",
    ],
    "Upkeep": [
      "Failover", "LiveAccount", "Replay", "RegionRepository", "Git", "MediaResources", "CanonicalJSON",
      "Programs",
      "Logging",
      "ServiceLifecycle", "UnixSignals",
    ],
    "Traffic": ["HTTP", "RegionRepository", "Git", "CanonicalJSON"],
    "lockstep": [
      "CanonicalJSON", "Git", "MediaResources", "Age", "Sealing", "RegionRepository", "CommitGuard", "Replay",
      "Planning",
      "LiveAccount",
      "FolderAccount", "MediaServicesAccount", "History", "HTTP", "Failover", "Upkeep", "Traffic", "Report",
      "Logging", "ArgumentParser", "Crypto", "CryptoExtras",
    ],
    "lockstep-http": [
      "HTTP", "Programs", "CanonicalJSON", "AsyncHTTPClient", "NIOCore", "NIOHTTP1", "NIOPosix", "NIOSSL",
    ],
    "lockstep-serve": [
      "MediaServicesEndpoint", "FolderAccount", "LiveAccount", "RegionRepository", "CanonicalJSON", "Logging",
      "ArgumentParser",
    ],
  ]
  private static let system: Set<String> = ["Glibc", "Darwin", "Dispatch", "Synchronization"]

  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()
    .deletingLastPathComponent()

  private static func sources() throws -> [(room: String, path: String, lines: [String])] {
    let folder = root.appendingPathComponent("Sources")
    let files = FileManager.default.enumerator(atPath: folder.path)?.allObjects as? [String] ?? []
    return try files.filter { $0.hasSuffix(".swift") }.map { path in
      let text = try String(contentsOf: folder.appendingPathComponent(path), encoding: .utf8)
      return (
        path.split(separator: "/").first.map(String.init) ?? "", path, text.components(separatedBy: "\n")
      )
    }
  }

  @Test func `data flows one way: imports point up the list and never back`() throws {
    let sources = try Self.sources()
    #expect(Set(sources.map(\.room)) == Set(Self.rooms.keys))
    for (room, path, lines) in sources {
      let allowed = (Self.rooms[room] ?? []).union(Self.system)
      for line in lines {
        let words = line.split(separator: " ")
        guard let keyword = words.firstIndex(of: "import"), keyword <= 1, words.count == keyword + 2 else {
          continue
        }
        #expect(allowed.contains(String(words[keyword + 1])), "\(path) imports \(words[keyword + 1])")
      }
    }
  }

  @Test func `what does not belong in sources stands nowhere`() throws {
    let words = [
      "TO" + "DO", "FIX" + "ME", "fatal" + "Error(", "try" + "!", "@unchecked " + "Sendable",
      "nonisolated(" + "unsafe)",
    ]
    for (_, path, lines) in try Self.sources() {
      #expect(lines.count <= 400, "\(path) holds more than one thing")
      for (number, line) in lines.enumerated() {
        for word in words where line.contains(word) {
          Issue.record("\(path):\(number + 1): \(word)")
        }
      }
    }
  }
}
