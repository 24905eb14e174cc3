import Crypto
import HTTP
import MediaResources

/// Where a request's path leads: `/<storage account>/<container>` or `/<storage account>/<container>/<blob>`.
struct BlobPlace: Sendable {
  let storageAccount: String
  let container: String
  /// The blob's name, which is its file's path in the container; nil where the container itself is meant.
  let blob: String?

  /// How long a blob's name may be, in characters (source: naming rules of the storage service).
  private static let longestName = 1_024
  /// How long a file's name may be, in bytes.
  private static let longestComponent = 255

  /// - Parameter path: as it came, with its escapes.
  init(path: some StringProtocol) throws(BlobError) {
    guard path.utf8.first == UInt8(ascii: "/") else {
      throw BlobError(.invalidURI, "the path must begin with a slash")
    }
    let parts = path.dropFirst().split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).map {
      PercentEncoding.decode($0)
    }
    guard let account = parts.first ?? nil, parts.count > 1, let container = parts[1],
      Self.isFolderName(account),
      Self.isFolderName(container)
    else {
      throw BlobError(
        .invalidURI, "the path must be /<storage account>/<container>, with /<blob> behind it or not")
    }
    storageAccount = account
    self.container = container
    guard parts.count == 3, parts[2] != "" else {
      blob = nil
      return
    }
    guard let name = parts[2] else { throw BlobError(.invalidURI, "the blob's name has a broken escape") }
    try Self.check(name)
    blob = name
  }

  private static func isFolderName(_ name: String) -> Bool {
    Validation.pathProblem(name) == nil && !name.utf8.contains(UInt8(ascii: "/"))
      && name.utf8.count <= longestComponent
  }

  /// Refuses names that no file beneath a container can have, on any system that a region may stand on.
  private static func check(_ name: String) throws(BlobError) {
    if let problem = Validation.pathProblem(name) {
      throw BlobError(.invalidResourceName, "a blob is a file here, so its name is a path: \(problem)")
    }
    guard name.utf16.count <= longestName else {
      throw BlobError(
        .invalidResourceName,
        "a blob's name has at most \(longestName) characters, this one \(name.utf16.count)")
    }
    guard name.pathComponents.allSatisfy({ $0.utf8.count <= longestComponent }) else {
      throw BlobError(
        .invalidResourceName,
        "a blob is a file here: between two slashes its name has at most \(longestComponent) bytes")
    }
  }

  /// The container, as messages name it.
  var containerName: String { "\(storageAccount)/\(container)" }

  /// What the endpoint's own files about the blob are named by.
  var key: String {
    Hexadecimal.text(SHA256.hash(data: Array("\(containerName)/\(blob ?? "")".utf8)))
  }

  /// The same container with another blob.
  func blob(_ name: String) -> BlobPlace {
    BlobPlace(storageAccount: storageAccount, container: container, blob: name)
  }

  private init(storageAccount: String, container: String, blob: String) {
    self.storageAccount = storageAccount
    self.container = container
    self.blob = blob
  }
}
