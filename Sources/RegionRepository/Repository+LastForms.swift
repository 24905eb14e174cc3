package import Git
package import MediaResources

extension Repository {
  /// The resources that files under `mirrored/` held last, on every way back from a commit.
  ///
  /// A commit that has a file ends the ways through it for that file. Costs the commits on the ways, a few trees each.
  /// - Parameters:
  ///   - members: the commits that ways lead through; nil for any.
  ///   - limit: about so many commits are looked at.
  /// - Returns: by path; a file that holds no resource is left out.
  package func lastForms(
    of paths: Set<String>, before commit: ObjectID, within members: Set<ObjectID>? = nil, limit: Int = .max
  ) throws -> [String: [Resource]] {
    var forms: [String: [Resource]] = [:]
    var asked: [ObjectID: Set<String>] = [:]
    var open = [(commit: commit, paths: paths)]
    var next = 0
    while next < min(open.count, limit) {
      let (id, paths) = open[next]
      next += 1
      var wanted = paths.subtracting(asked[id] ?? [])
      guard !wanted.isEmpty, members?.contains(id) != false else { continue }
      asked[id, default: []].formUnion(wanted)
      let mirrored = try regionTree(of: id).mirrored
      for path in wanted {
        guard let bytes = try file(path, in: mirrored) else { continue }
        wanted.remove(path)
        guard let form = try? MirroredDocument.resource(bytes: bytes, path: path),
          forms[path]?.contains(form) != true
        else { continue }
        forms[path, default: []].append(form)
      }
      guard !wanted.isEmpty else { continue }
      open += try RawCommit(bytes: read(id).bytes).parents.map { ($0, wanted) }
    }
    return forms
  }
}
