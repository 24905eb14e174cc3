// swift-tools-version: 6.1
import PackageDescription

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")

let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTLS: Target.Dependency = .product(name: "HummingbirdTLS", package: "hummingbird")
let jwt: Target.Dependency = .product(name: "JWTKit", package: "jwt-kit")

/// One room of the house (DESIGN: one target, one job); rooms are declared in the order in which data flows.
func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []
) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.target(name: name), "Support"] + dependencies,
    resources: resources, swiftSettings: strict)
}

let package = Package(
  name: "lockstep",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "lockstep", targets: ["lockstep"]),
    .executable(name: "lockstep-serve", targets: ["lockstep-serve"]),
    .executable(name: "lockstep-http", targets: ["lockstep-http"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.11.0"),
    // Only lockstep-http links this.
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    // Only lockstep-serve links these.
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
  ],
  targets: [
    .systemLibrary(
      name: "CLibgit2", pkgConfig: "libgit2",
      providers: [.apt(["libgit2-dev"]), .brew(["libgit2"])]),
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib",
      providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(
      name: "CSQLite", pkgConfig: "sqlite3",
      providers: [.apt(["libsqlite3-dev"]), .brew(["sqlite"])]),
    .systemLibrary(name: "CPlatform"),
    room("CanonicalJSON"),
    room("Programs"),
    room("HTTP", ["CanonicalJSON", "Programs"]),
    room("Git", ["CLibgit2", "CZlib", "Programs", crypto]),
    room("MediaResources", ["CanonicalJSON", crypto]),
    room("Age", ["Programs", crypto, cryptoExtras]),
    room("Sealing", ["Age", "MediaResources", "CanonicalJSON", crypto, cryptoExtras]),
    room("RegionRepository", ["Git", "MediaResources", "CanonicalJSON", "Sealing"]),
    room(
      "CommitGuard",
      ["RegionRepository", "Git", "MediaResources", "Sealing", "CanonicalJSON", "CSQLite"]),
    room("Replay", ["CommitGuard", "RegionRepository", "Git", "MediaResources", "Sealing"]),
    room("History", ["RegionRepository", "Git", "MediaResources", "Sealing", "CanonicalJSON"]),
    room("Report", ["History", "MediaResources", "CanonicalJSON"]),
    room("Planning", ["MediaResources", "CanonicalJSON"]),
    room("Rclone", ["Programs", "CanonicalJSON"]),
    room("StreamingMedia", [crypto, cryptoExtras]),
    room(
      "LiveAccount",
      [
        "RegionRepository", "Planning", "Git", "MediaResources", "Sealing", "CanonicalJSON", "Rclone",
        "CPlatform",
        crypto,
      ]),
    room(
      "FolderAccount",
      [
        "LiveAccount", "StreamingMedia", "HTTP", "MediaResources", "CanonicalJSON", crypto, cryptoExtras,
      ]),
    room(
      "MediaServicesAccount",
      [
        "LiveAccount", "Planning", "HTTP", "MediaResources", "CanonicalJSON", "Programs", "Rclone", crypto,
      ]),
    room(
      "MediaServicesEndpoint",
      [
        "FolderAccount", "LiveAccount", "HTTP", "RegionRepository", "MediaResources", "CanonicalJSON",
        hummingbird, hummingbirdTLS, jwt, crypto, cryptoExtras, logging,
      ]),
    room(
      "Failover",
      [
        "HTTP", "Replay", "LiveAccount", "CommitGuard", "Planning", "Rclone", "StreamingMedia",
        "RegionRepository", "Git", "MediaResources", "Sealing", "CanonicalJSON", crypto,
      ]),
    room(
      "Upkeep",
      [
        "Failover", "LiveAccount", "Replay", "RegionRepository", "Git", "MediaResources", "CanonicalJSON",
        "Programs",
        logging,
        lifecycle,
        signals,
      ]),
    room("Traffic", ["HTTP", "RegionRepository", "Git", "CanonicalJSON"]),
    .executableTarget(
      name: "lockstep",
      dependencies: [
        "CanonicalJSON", "Git", "MediaResources", "Age", "Sealing", "RegionRepository", "CommitGuard",
        "Replay",
        "History", "Planning", "LiveAccount", "FolderAccount", "MediaServicesAccount", "HTTP", "Failover",
        "Upkeep", "Traffic", "Report", logging,
        .product(name: "ArgumentParser", package: "swift-argument-parser"), crypto, cryptoExtras,
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "lockstep-serve",
      dependencies: [
        "MediaServicesEndpoint", "FolderAccount", "LiveAccount", "RegionRepository", "CanonicalJSON", logging,
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "lockstep-http",
      dependencies: [
        "HTTP", "Programs", "CanonicalJSON", .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: strict),
    .target(name: "Support", path: "Tests/Support", swiftSettings: strict),
    .target(
      name: "AccountConformance",
      dependencies: ["LiveAccount", "MediaResources", "CanonicalJSON", "Support"],
      path: "Tests/AccountConformance", swiftSettings: strict),
    tests("CanonicalJSON"),
    tests("Programs"),
    tests("HTTP", ["Programs", "lockstep-http"], resources: [.copy("Server")]),
    tests("Age", ["CZlib", crypto], resources: [.copy("Vectors")]),
    tests("Sealing", ["Age", "MediaResources", "CanonicalJSON"]),
    tests("Git"),
    tests("MediaResources", ["CanonicalJSON"], resources: [.copy("Fixtures")]),
    tests("Planning", ["MediaResources", "CanonicalJSON"]),
    tests("RegionRepository", ["MediaResources", "CanonicalJSON", "Sealing", "Age", "Git"]),
    tests("CommitGuard", ["MediaResources", "CanonicalJSON", "RegionRepository", "Git"]),
    tests(
      "Replay",
      [
        "RegionRepository", "Git", "MediaResources", "Sealing", "Age", "CanonicalJSON", "LiveAccount",
        "FolderAccount",
      ]),
    tests("Report", ["CanonicalJSON"]),
    tests("Rclone"),
    tests("StreamingMedia"),
    tests("Traffic", ["HTTP", "RegionRepository", "CanonicalJSON"]),
    tests("LiveAccount", ["Rclone", "RegionRepository", "Git", "MediaResources", "CanonicalJSON"]),
    tests("FolderAccount", ["AccountConformance", "LiveAccount", "MediaResources", "CanonicalJSON"]),
    tests(
      "MediaServicesAccount",
      [
        "AccountConformance", "LiveAccount", "Planning", "HTTP", "MediaResources", "CanonicalJSON",
        "lockstep",
        "lockstep-serve", "lockstep-http",
      ],
      resources: [.copy("Service")]),
    tests(
      "MediaServicesEndpoint",
      ["FolderAccount", "LiveAccount", "RegionRepository", "MediaResources", "CanonicalJSON", logging],
      resources: [.copy("SDK")]),
    .testTarget(
      name: "LockstepTests", dependencies: ["lockstep", "lockstep-serve", "Support"], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)

// Benchmarks/run sets this; nobody else pays for building them.
if Context.environment["LOCKSTEP_BENCHMARKS"] != nil {
  package.targets.append(
    .executableTarget(
      name: "LockstepBenchmarks",
      dependencies: [
        "CanonicalJSON", "Git", "MediaResources", "Sealing", "RegionRepository", "FolderAccount", "Support",
      ],
      path: "Benchmarks/LockstepBenchmarks", swiftSettings: strict))
}
