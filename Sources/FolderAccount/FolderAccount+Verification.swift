import CanonicalJSON
package import LiveAccount
import MediaResources

extension FolderAccount {
  package func unencrypted() async throws -> [AccountError] {
    try index.locators(on: .waiting).sorted().compactMap { id in
      guard let locator = try stored(id), let publication = try? publication(of: locator),
        publication.isDue(at: now()), let container = FolderLayout.container(AssetView(publication.asset)),
        try root.stat(container) != nil, case let files = try root.subfolder(container), try !files.isEmpty()
      else { return nil }
      do { _ = try playerFiles(of: publication, in: files) } catch let error as AccountError {
        return error.code == .notEncrypted ? error : nil
      }
      return nil
    }
  }

  package func publicationProblems() async throws -> [String] {
    var problems: [String] = []
    var publications: Set<String> = []
    var keys: [String: [UInt8]] = [:]
    for entry in try documents(of: .streamingLocator) {
      try cancellation.check()
      let path = "\(FolderLayout.control)/\(ResourceKind.streamingLocator.rawValue)/\(entry.path)"
      do {
        guard let document = try document(at: path) else { continue }
        let publication = try publication(of: Resource(document: document, kind: .streamingLocator))
        guard publication.isDue(at: now()), let id = publication.view.streamingLocatorID else { continue }
        publications.insert(id.lowercased())
        for key in publication.view.contentKeys {
          if let value = try deliverable(key.id) { keys[key.id.lowercased()] = value }
        }
        problems += try problemsWithFiles(of: publication, id: id)
      } catch let error as AccountError where error.code == .interrupted {
        throw error
      } catch {
        problems.append(AccountError.explaining(error).message)
      }
    }
    return try problems + problemsWithKeys(keys) + strays(besides: publications)
  }

  private func problemsWithFiles(of publication: Publication, id: String) throws -> [String] {
    let locator = publication.locator.id
    guard let container = FolderLayout.container(AssetView(publication.asset)),
      try root.stat(container) != nil
    else {
      return ["\(locator): the files of \(publication.asset.id) are missing"]
    }
    let path = FolderLayout.publication(id)
    let source = try root.subfolder(container)
    guard try root.stat(path) != nil else {
      // Before its first file an asset publishes nothing.
      if try source.isEmpty() { return [] }
      return try isWaiting(publication.locator)
        ? ["\(locator) waits for files of \(publication.asset.id) that check out, and is not published"]
        : ["\(locator) is not published: \(path) is missing"]
    }
    let published = try root.subfolder(path)
    var problems: [String] = []
    let files = try playerFiles(of: publication, in: source)
    for file in files {
      guard try published.stat(file) != nil else {
        problems.append("\(locator): \(path)/\(file) is missing")
        continue
      }
      if try published.isSameFile(file, as: source) { continue }
      if try ContentScan.digest(of: file, in: published) != ContentScan.digest(of: file, in: source) {
        problems.append("\(locator): \(path)/\(file) is not the file in \(container)")
      }
    }
    let wanted = Set(files.map { Array($0.utf8) })
    for entry in try published.list(recursively: true) where !wanted.contains(Array(entry.path.utf8)) {
      problems.append("\(locator): \(path)/\(entry.path) must not be published")
    }
    return problems
  }

  private func problemsWithKeys(_ wanted: [String: [UInt8]]) throws -> [String] {
    var problems: [String] = []
    for (id, value) in wanted.sorted(by: { $0.key < $1.key }) {
      let path = FolderLayout.key(id)
      let isRight = try root.stat(path) != nil && root.read(path) == value
      if !isRight { problems.append("\(path) is not the content key") }
    }
    for entry in try root.subfolder(FolderLayout.keys).list() where wanted[entry.path] == nil {
      problems.append("\(FolderLayout.keys)/\(entry.path) must not be delivered")
    }
    return problems
  }

  private func strays(besides publications: Set<String>) throws -> [String] {
    try root.subfolder(FolderLayout.published).folders(except: [FolderLayout.keys])
      .filter { !publications.contains($0) }
      .map { "\(FolderLayout.published)/\($0) belongs to no locator that is to be published" }
  }
}
