import CLibgit2

extension Repository {
  /// Runs what reads objects; says of one that is not there where a shallow clone has none.
  ///
  /// libgit2 1.5 knows nothing of shallow clones, and looks for the parents of their oldest commits.
  func explainingShallow<Result: ~Copyable>(
    _ body: () throws(GitError) -> Result
  ) throws(GitError) -> Result {
    do { return try body() } catch {
      guard error.isMissingObject, git_repository_is_shallow(handle.pointer) == 1 else { throw error }
      let place = workingDirectory ?? gitDirectory
      throw GitError(
        .shallow,
        "\(place) is a shallow clone, and what is asked for lies beyond where its history was cut off"
          + " (\(error.message))",
        hint: "fetch all of it: git -C \(ShellWord.quoted(place)) fetch --unshallow")
    }
  }
}

extension GitError {
  /// Whether an object is not in the repository.
  fileprivate var isMissingObject: Bool { code == .corrupt && libraryClass == "odb" }
}
