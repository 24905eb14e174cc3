import CanonicalJSON
import Programs

/// One end of a copy.
package enum RclonePlace: Sendable {
  /// A folder on this machine, by its absolute path.
  case folder(String)
  /// Storage elsewhere.
  case remote(RcloneRemote)
}

/// A file that a listing shows.
package struct RcloneFile: Sendable, Hashable {
  /// The path within the place that was listed.
  package let path: String
  /// The size in bytes.
  package let size: Int64
  /// The MD5 in lower-case hexadecimal digits; nil where the storage knows none.
  package let md5: String?
  /// When the storage took it, as the storage writes that; nil where it does not say.
  package let modified: String?
}

/// Drives the rclone program, which knows the clouds.
///
/// Only files that are named are copied or removed. Secrets go by the environment of the program; arguments, messages and
/// files hold none. Each call runs one program and blocks until it ends.
package struct Rclone: Sendable {
  private let stopping: @Sendable () -> Bool

  /// - Parameter stopping: asked now and then; a running program is ended when it says so.
  package init(stopping: @escaping @Sendable () -> Bool = { false }) { self.stopping = stopping }

  // MARK: Work

  /// Every file in a place, in any order; one listing.
  /// - Throws: `RcloneError` (`.notFound`) where the container is not there.
  package func list(_ remote: RcloneRemote) throws(RcloneError) -> [RcloneFile] {
    let arguments = [
      "lsjson", "--recursive", "--files-only", "--use-server-modtime", "--no-mimetype", "--hash-type", "MD5",
    ]
    let output = try run(arguments, at: [.remote(remote)], doing: "list \(remote)")
    let value: JSONValue
    do { value = try JSONValue.parse(output) } catch {
      throw RcloneError(.failed, "cannot list \(remote): what rclone says is no listing: \(error)")
    }
    return try files(in: value, of: remote)
  }

  private func files(in listing: JSONValue, of remote: RcloneRemote) throws(RcloneError) -> [RcloneFile] {
    var files: [RcloneFile] = []
    for entry in listing.arrayValue ?? [] {
      guard let path = entry["Path"]?.stringValue, let size = entry["Size"]?.int64Value, size >= 0 else {
        throw RcloneError(
          .failed, "cannot list \(remote): the size of \(entry["Path"]?.stringValue ?? "a file") is not known"
        )
      }
      let md5 = entry["Hashes"]?["md5"]?.stringValue.flatMap { $0.isEmpty ? nil : $0.lowercased() }
      files.append(
        RcloneFile(path: path, size: size, md5: md5, modified: entry["ModTime"]?.stringValue))
    }
    return files
  }

  /// Copies files, whatever stands under their names already.
  ///
  /// A file that the source lacks is passed over without a word: whoever needs it looks at the target afterwards.
  /// - Parameter progress: told how many bytes were moved in this call.
  package func copy(
    _ files: [String], from source: RclonePlace, to target: RclonePlace, progress: (Int64) -> Void = { _ in }
  ) throws(RcloneError) {
    if files.isEmpty { return }
    // What must be copied is known: rclone must not find out again, by times and sizes that say little.
    let arguments = [
      "copy", "--files-from-raw", "-", "--ignore-times", "--no-unicode-normalization",
      "--local-no-set-modtime",
      "--stats", "500ms", "--stats-log-level", "NOTICE",
    ]
    try withoutActuallyEscaping(progress) { progress throws(RcloneError) in
      _ = try run(
        arguments, at: [source, target], input: try Self.lines(files),
        doing: "copy from \(Self.name(source)) to \(Self.name(target))", progress: progress)
    }
  }

  /// Removes files.
  package func remove(_ files: [String], at remote: RcloneRemote) throws(RcloneError) {
    // Without names rclone would have everything to remove.
    if files.isEmpty { return }
    _ = try run(
      ["delete", "--files-from-raw", "-"], at: [.remote(remote)], input: try Self.lines(files),
      doing: "remove files at \(remote)")
  }

  /// Digests of files in lower-case hexadecimal digits; reads every byte from afar.
  package func digests(
    _ digest: RcloneDigest, of files: [String], at remote: RcloneRemote
  ) throws(RcloneError) -> [(path: String, digest: String)] {
    if files.isEmpty { return [] }
    let output = try run(
      ["hashsum", digest.rawValue, "--download", "--files-from-raw", "-"], at: [.remote(remote)],
      input: try Self.lines(files), doing: "read the files at \(remote)")
    var digests: [(path: String, digest: String)] = []
    for line in String(decoding: output, as: UTF8.self).split(separator: "\n") {
      guard let gap = line.firstRange(of: "  "), line[..<gap.lowerBound].utf8.count == digest.digits else {
        continue
      }
      digests.append((String(line[gap.upperBound...]), String(line[..<gap.lowerBound])))
    }
    return digests
  }

  // MARK: The program

  /// Names a line, as rclone reads them from standard input.
  private static func lines(_ files: [String]) throws(RcloneError) -> [UInt8] {
    var bytes: [UInt8] = []
    for file in files {
      guard !file.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
        let shown = String(file.map { $0.utf8.allSatisfy { $0 < 0x20 || $0 == 0x7F } ? "?" : $0 })
        throw RcloneError(
          .invalid,
          "the name of the file '\(shown)' holds a control character, which rclone would write as another one",
          hint: "rename the file")
      }
      bytes += Array(file.utf8) + [UInt8(ascii: "\n")]
    }
    return bytes
  }

  private static func name(_ place: RclonePlace) -> String {
    switch place {
    case .folder(let path): path
    case .remote(let remote): remote.label
    }
  }

  /// What the remotes of one run are called, in their order.
  private static let names = ["lockstepfrom", "lockstepto"]

  /// Runs rclone to its end.
  /// - Throws: `RcloneError`, whose words are free of secrets.
  private func run(
    _ command: [String], at places: [RclonePlace], input: [UInt8]? = nil, doing what: String,
    progress: ((Int64) -> Void)? = nil
  ) throws(RcloneError) -> [UInt8] {
    if stopping() { throw RcloneError(.interrupted, "interrupted") }
    var added: [String: String] = [:]
    var ends: [String] = []
    var remotes: [RcloneRemote] = []
    for (place, name) in zip(places, Self.names) {
      switch place {
      case .folder(let path): ends.append(path)
      case .remote(let remote):
        ends.append(remote.argument(calling: name))
        added.merge(remote.variables(calling: name)) { $1 }
        remotes.append(remote)
      }
    }
    // Only a remote of the person's own needs their configuration.
    let configuration = remotes.contains(where: \.isConfigured) ? [] : ["--config", "/dev/null"]
    let tries =
      remotes.contains(where: \.triesAgainByItself)
      ? ["--low-level-retries", "1"] : ["--low-level-retries", "3"]
    let usual = ["--ask-password=false", "--use-json-log", "--log-level", "NOTICE", "--retries", "1"]
    var log = RcloneLog(Redaction(remotes))
    let outcome: ChildProgram.Outcome
    do throws(ProgramError) {
      outcome = try ChildProgram.run(
        ["rclone"] + command + configuration + usual + tries + ["--"] + ends, input: input,
        environment: EnvironmentChanges(removing: Self.unwanted(), adding: added), isApart: true,
        stopping: stopping
      ) { bytes in
        if let moved = log.hear(bytes) { progress?(moved) }
      }
    } catch {
      throw error.code == .notFound
        ? RcloneError(
          .notInstalled, "cannot \(what): the rclone program is not installed",
          hint: "install rclone 1.60 or newer, then run this again; it goes on from here")
        : RcloneError(.failed, "cannot \(what): \(error.message)", hint: error.hint)
    }
    if stopping() { throw RcloneError(.interrupted, "interrupted") }
    guard outcome.status == 0 else {
      let problem = log.problem()
      if let status = log.busy {
        throw RcloneError(
          .busy, "cannot \(what): the storage asks for fewer requests (\(status))",
          hint: "run this again; it goes on from here")
      }
      throw Self.failure(outcome.status, problem, doing: what)
    }
    return outcome.output
  }

  private static func failure(_ status: Int32, _ problem: String?, doing what: String) -> RcloneError {
    let words = problem ?? "rclone ended with \(status)"
    let message = "cannot \(what): \(words)"
    func says(_ phrases: String...) -> Bool { phrases.contains { words.contains($0) } }
    if says(
      "no space left on device", "remaining disk space", "disk quota exceeded", "Insufficient Storage")
    {
      return RcloneError(
        .noSpace, message, hint: "free some space, then run this again; it goes on from here")
    }
    if says("source file is being updated", "corrupted on transfer") {
      return RcloneError(
        .changed, message, hint: "wait until it is complete, capture its region again, then run this again")
    }
    // 3 and 4: a folder, or a file, is not there.
    if status == 3 || status == 4 { return RcloneError(.notFound, message) }
    if says("didn't find section in config file") {
      return RcloneError(.invalid, message, hint: "rclone config create NAME …, or name another remote")
    }
    return RcloneError(.failed, message, hint: "run this again; it goes on from here")
  }

  /// Variables by which a person changes how rclone reaches the world; every other one would change what is copied, or
  /// where it is told.
  private static let wanted: Set<String> = [
    "RCLONE_BWLIMIT", "RCLONE_CA_CERT", "RCLONE_CHECKERS", "RCLONE_CLIENT_CERT", "RCLONE_CLIENT_KEY",
    "RCLONE_CONFIG", "RCLONE_CONTIMEOUT", "RCLONE_TIMEOUT", "RCLONE_TPSLIMIT", "RCLONE_TRANSFERS",
  ]

  private static func unwanted() -> Set<String> {
    let ours = names.map { "RCLONE_CONFIG_\($0)_".uppercased() }
    return EnvironmentChanges.names(beginning: "RCLONE_").filter { name in
      if name.hasPrefix("RCLONE_CONFIG_") { return ours.contains { name.hasPrefix($0) } }
      return !wanted.contains(name)
    }
  }
}

/// A digest that rclone makes of a file's bytes, by its name there.
package enum RcloneDigest: String, Sendable {
  case md5 = "MD5"
  case sha256 = "SHA-256"

  /// How many hexadecimal digits it has.
  var digits: Int { self == .md5 ? 32 : 64 }
}
