import CLibgit2

extension Repository {
  /// A setting, the nearest one counting; nil where there is none.
  package func configValue(_ key: String) throws(GitError) -> String? {
    let pointer = handle.pointer
    let config = try Handle(freeing: git_config_free, "cannot read the configuration") {
      git_repository_config_snapshot($0, pointer)
    }
    var value: UnsafePointer<CChar>?
    let status = git_config_get_string(&value, config.pointer, key)
    if status == GIT_ENOTFOUND.rawValue { return nil }
    try Library.check(status, "cannot read the setting \(key)")
    return value.map { String(cString: $0) }
  }

  /// A setting as the repository's own configuration has it; nil where that says nothing, whatever others say.
  package func ownConfigValue(_ key: String) throws(GitError) -> String? {
    let pointer = handle.pointer
    let all = try Handle(freeing: git_config_free, "cannot read the configuration") {
      git_repository_config($0, pointer)
    }
    let allPointer = all.pointer
    let own = try Handle(freeing: git_config_free, "cannot open the repository's configuration") {
      git_config_open_level($0, allPointer, GIT_CONFIG_LEVEL_LOCAL)
    }
    let ownPointer = own.pointer
    let snapshot = try Handle(freeing: git_config_free, "cannot read the configuration") {
      git_config_snapshot($0, ownPointer)
    }
    var value: UnsafePointer<CChar>?
    let status = git_config_get_string(&value, snapshot.pointer, key)
    if status == GIT_ENOTFOUND.rawValue { return nil }
    try Library.check(status, "cannot read the setting \(key)")
    return value.map { String(cString: $0) }
  }

  /// Sets a setting in the repository's own configuration; nil takes it out.
  package func setConfigValue(_ key: String, _ value: String?) throws(GitError) {
    let pointer = handle.pointer
    let all = try Handle(freeing: git_config_free, "cannot read the configuration") {
      git_repository_config($0, pointer)
    }
    let allPointer = all.pointer
    let local = try Handle(freeing: git_config_free, "cannot open the repository's configuration") {
      git_config_open_level($0, allPointer, GIT_CONFIG_LEVEL_LOCAL)
    }
    let localPointer = local.pointer
    try takingLock("config.lock") { () throws(GitError) in
      guard let value else {
        let status = git_config_delete_entry(localPointer, key)
        if status != GIT_ENOTFOUND.rawValue {
          try Library.check(status, "cannot take out the setting \(key)")
        }
        return
      }
      try Library.check(git_config_set_string(localPointer, key, value), "cannot set \(key)")
    }
  }

  /// The settings whose keys begin with a prefix, in the order of the files.
  package func configEntries(matching prefix: String) throws(GitError) -> [(key: String, value: String)] {
    let pointer = handle.pointer
    let config = try Handle(freeing: git_config_free, "cannot read the configuration") {
      git_repository_config_snapshot($0, pointer)
    }
    var iterator: OpaquePointer?
    try Library.check(git_config_iterator_new(&iterator, config.pointer), "cannot read the configuration")
    defer { git_config_iterator_free(iterator) }
    var entries: [(key: String, value: String)] = []
    var entry: UnsafeMutablePointer<git_config_entry>?
    while git_config_next(&entry, iterator) == 0 {
      guard let entry, let name = entry.pointee.name, let value = entry.pointee.value else { continue }
      let key = String(cString: name)
      if key.hasPrefix(prefix) { entries.append((key, String(cString: value))) }
    }
    return entries
  }

  /// Whether the settings outside any repository name a person.
  package static func hasDefaultSignature() throws(GitError) -> Bool {
    _ = Library.isReady
    let all = try Handle(freeing: git_config_free, "cannot read the configuration") {
      git_config_open_default($0)
    }
    let pointer = all.pointer
    let config = try Handle(freeing: git_config_free, "cannot read the configuration") {
      git_config_snapshot($0, pointer)
    }
    var value: UnsafePointer<CChar>?
    for key in ["user.name", "user.email"] where git_config_get_string(&value, config.pointer, key) != 0 {
      return false
    }
    return true
  }

  /// The error of a repository that knows nobody who could make a commit.
  package static let namelessError = GitError(
    .invalid, "git does not know who you are: user.name and user.email are not set",
    hint: "git config --global user.name \"Your Name\" && git config --global user.email you@example.com")

  /// The person whom the configuration names, and now.
  /// - Throws: `GitError` (`.invalid`) with the commands that set name and address.
  package func signature() throws(GitError) -> Signature {
    var raw: UnsafeMutablePointer<git_signature>?
    let status = git_signature_default(&raw, handle.pointer)
    defer { git_signature_free(raw) }
    guard status == 0, let raw, let name = raw.pointee.name, let email = raw.pointee.email else {
      throw Self.namelessError
    }
    return Signature(
      name: String(cString: name), email: String(cString: email), seconds: raw.pointee.when.time,
      offsetMinutes: Int(raw.pointee.when.offset))
  }
}

/// Who made a commit, and when.
package struct Signature: Sendable, Equatable {
  /// The person's name.
  package let name: String
  /// The person's address.
  package let email: String
  /// Seconds since 1970.
  package let seconds: Int64
  /// The time zone's distance from UTC in minutes.
  package let offsetMinutes: Int

  package init(name: String, email: String, seconds: Int64, offsetMinutes: Int) {
    self.name = name
    self.email = email
    self.seconds = seconds
    self.offsetMinutes = offsetMinutes
  }

  /// The line as a commit object has it: `Name <address> seconds ±hhmm`.
  package var line: String {
    let magnitude = abs(offsetMinutes)
    let zone = String(magnitude / 60 * 100 + magnitude % 60)
    let sign = offsetMinutes < 0 ? "-" : "+"
    return
      "\(name) <\(email)> \(seconds) \(sign)\(String(repeating: "0", count: max(0, 4 - zone.count)))\(zone)"
  }
}
