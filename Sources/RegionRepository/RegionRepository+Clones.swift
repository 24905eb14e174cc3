package import Git

extension ObjectSource {
  /// What a commit's tree says of the region that it belongs to; nil where it is no region's.
  /// - Throws: `RegionError` (`.badDocument`), `GitError`.
  package func regionDocument(of commit: ObjectID) throws -> RegionDocument? {
    guard let bytes = try file("region.json", in: regionTree(of: commit).local) else { return nil }
    return try RegionDocument(bytes: bytes)
  }
}

extension RegionRepository {
  /// Opens a region's repository, or a clone of one, to read in it: a clone is the region that its newest commit belongs
  /// to.
  /// - Throws: `RegionError` where it is neither, `GitError` where it cannot be read.
  package static func openOrClone(at path: String) throws -> RegionRepository {
    do { return try open(at: path) } catch let error as RegionError where error.code == .notARegion {
      guard let git = try? Repository.discover(from: path), let name = clonedRegion(git) else { throw error }
      return RegionRepository(git: git, name: name)
    }
  }

  /// The region that a repository without a configuration of its own is a clone of, by its newest commit.
  static func clonedRegion(_ git: Repository) -> RegionName? {
    guard let head = try? git.headCommit() else { return nil }
    return (try? git.regionDocument(of: head))?.name
  }

  /// Why there is no region at a path that is in no repository.
  static func missing(_ path: String) -> RegionError {
    if !FilePaths.exists(path), path.contains("://") {
      return RegionError(
        .notARegion, "\(path) is on another machine, and this reads repositories on this one",
        hint: "clone it, and name the clone: git clone \(ShellWord.quoted(path)) FOLDER")
    }
    return RegionError(
      .notARegion,
      FilePaths.exists(path) ? "\(path) is not inside a region repository" : "there is no folder \(path)",
      hint: "lockstep init \(ShellWord.quoted(path)) --region NAME --account folder:PATH")
  }

  /// Why this user cannot tell what is at a path; nil where they may look.
  package static func unreadable(_ path: String) -> RegionError? {
    FilePaths.closed(path).map { closed in
      RegionError(
        .fileSystem, "\(path) cannot be read: this user may not look into \(closed)",
        hint: "see whose it is: ls -ld \(ShellWord.quoted(closed))")
    }
  }

  /// Why a git repository is no region's: an ordinary one, or a clone, which follows its region.
  static func notARegion(_ git: Repository, _ path: String) -> RegionError {
    guard let name = clonedRegion(git) else {
      return RegionError(
        .notARegion,
        "\(path) is a git repository, but not a region's: its configuration has no lockstep.region",
        hint:
          "name a region's repository with -C, or make one in a new folder: lockstep init FOLDER --region NAME"
          + " --account folder:PATH")
    }
    let origin = (try? git.configValue("remote.origin.url")) ?? nil
    let place = ShellWord.quoted(git.workingDirectory ?? git.gitDirectory)
    return RegionError(
      .notARegion,
      "\(path) is a clone of region \(name), not the region itself: its configuration has no lockstep.region",
      hint:
        "work in the region's own repository\(origin.map { ", \($0)" } ?? ""), or commit here and push; if this"
        + " clone is to be the region from now on: git -C \(place) config lockstep.region \(name); git -C \(place)"
        + " config lockstep.account folder:PATH; lockstep capture -C \(place)")
  }

  /// Why a working tree beside the region's own is not the region: its HEAD is another one.
  static func linkedWorkingTree(_ git: Repository, _ path: String) -> RegionError {
    RegionError(
      .notARegion,
      "\(path) is a linked working tree of a region's repository, and the region is what the repository itself has"
        + " checked out",
      hint: "commit here, and bring it in there by git merge; name the region: -C"
        + " \(ShellWord.quoted(git.gitDirectory))")
  }
}
