import CanonicalJSON
import Foundation
import LiveAccount
import MediaResources
import RegionRepository
import Support
import Testing

@testable import FolderAccount
@testable import MediaServicesEndpoint

/// Containers over Blob REST: the official SDK and rclone are the judges.
@Suite struct ContainerTests {
  private static let python: Comment = "the project's .venv is not there: ./bootstrap --test"

  @Test(.enabled(if: Referee.hasPython, python))
  func `the official SDK puts, lists, reads, copies and deletes blobs, and is refused what must be`()
    async throws
  {
    let served = try await ServedAccount()
    try await Referee.script("blobs.py", [served.containerURL(), served.containerURL(.read)])
    let left = try RootedFolder.open(served.folder["account/storage/main"])
    #expect(try left.folders() == ["film"] && left.list().isEmpty)
    #expect(try left.subfolder("film").isEmpty())
    let endpoint = try served.account.endpointFolder()
    for folder in ["blocks", "incoming"] { #expect(try endpoint.subfolder(folder).isEmpty(), "\(folder)") }
  }

  @Test(.enabled(if: Program.has("rclone"), "rclone is not installed: ./bootstrap --test"))
  func `rclone copies folders in and out, and finds them equal`() async throws {
    let served = try await ServedAccount()
    let film = try Film(in: served.folder, "film")
    try served.folder.write("", to: "rclone.conf")
    let environment = [
      "RCLONE_CONFIG_X_TYPE": "azureblob", "RCLONE_CONFIG_X_SAS_URL": try served.containerURL(),
      "RCLONE_CONFIG": served.folder["rclone.conf"],
    ]
    @discardableResult func rclone(_ arguments: String..., fails: Bool = false) async throws -> String {
      let all = ["--azureblob-chunk-size", "4M", "--azureblob-upload-concurrency", "4", "--retries", "1"]
      let outcome = try await Referee.run("rclone", all + arguments, environment: environment)
      if (outcome.status == 0) == fails {
        throw Program.Failed(what: "rclone \(arguments)", outcome: outcome)
      }
      return outcome.output + outcome.errors
    }
    try await rclone("copy", film.path, "x:film")
    try await rclone("check", film.path, "x:film", "--download")
    let checked = try await rclone("check", film.path, "x:film")
    #expect(
      checked.contains("0 differences found") && !checked.contains("could not be checked"), "\(checked)")
    #expect(
      Set(try await rclone("lsf", "-R", "--files-only", "x:film").split(separator: "\n").map(String.init))
        == film.names)
    #expect(try await rclone("lsf", "x:film/sub").contains("seg ment-1.ts"))
    let again = try await rclone("copy", "--checksum", "-v", film.path, "x:film", "--stats-one-line")
    #expect(!again.contains("Copied"), "\(again)")
    #expect(!(try await rclone("copy", "-v", film.path, "x:film")).contains("Copied"))
    try await rclone("copy", "x:film", served.folder["out"])
    let same = try Program.run("diff", ["-r", film.path, served.folder["out"]])
    #expect(same.status == 0, "\(same.output)")
    try await rclone("copyto", "x:film/film.m3u8", "x:film/copied/film.m3u8")
    #expect(try await rclone("cat", "x:film/copied/film.m3u8").hasPrefix("#EXTM3U"))
    try await rclone("delete", "x:film/copied")
    try await rclone("sync", served.folder["empty"], "x:film/sub")
    #expect(try await rclone("lsf", "-R", "--files-only", "x:film").contains("sub/") == false)
    // What another region would take over is what was uploaded.
    let asset = try await served.account.read(ResourceID(kind: .content, assetName: nil, name: "film"))
    #expect(
      asset.map { String(decoding: JSONValue.object($0).canonicalBytes(), as: UTF8.self) }?.contains(
        "large.mp4") == true)
  }

  /// Files as they are encoded: a playlist, segments in a folder, one file of several blocks, one that is empty.
  private struct Film {
    let path: String
    let names: Set<String>

    init(in folder: TemporaryFolder, _ name: String) throws {
      path = folder[name]
      try folder.write("#EXTM3U\n", to: "\(name)/film.m3u8")
      try folder.write("one", to: "\(name)/sub/seg ment-1.ts")
      try folder.write("two", to: "\(name)/sub/Größe+2.ts")
      try folder.write("", to: "\(name)/empty")
      var random = SeededGenerator(seed: 1)
      let large = Data((0..<(1_250_000)).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } })
      try large.write(to: URL(fileURLWithPath: folder["\(name)/large.mp4"]))
      try FileManager.default.createDirectory(atPath: folder["empty"], withIntermediateDirectories: true)
      names = ["film.m3u8", "sub/seg ment-1.ts", "sub/Größe+2.ts", "empty", "large.mp4"]
    }
  }

  // MARK: Signatures

  @Test(.enabled(if: Referee.hasPython, python))
  func `a signature is the one that the official SDK makes with the same key`() async throws {
    let served = try await ServedAccount()
    let document = try JSONValue.parse(served.account.endpointFolder().read("container-keys"))
    for (number, key) in (document["keys"]?.arrayValue ?? []).enumerated() {
      let query = try await Referee.script(
        "sas.py", ["main", "film", key.stringValue ?? "", "rl", served.time(in: 600)])
      let url = "/main/film?restype=container&comp=list&" + query.trimmingCharacters(in: .newlines)
      #expect(try await served.ask(url).status == 200, "key \(number + 1)")
    }
    let mode = try FileManager.default.attributesOfItem(
      atPath: served.folder["account/account/endpoint/container-keys"])
    #expect(mode[.posixPermissions] as? Int == 0o600)
  }

  @Test func `a signature opens what it names, as long as it says, until its key is renewed`() async throws {
    let served = try await ServedAccount()
    let urls = try served.access.sharedAccessURLs(
      storageAccount: "main", container: "film", permissions: .read, expiry: served.time(in: 600),
      at: served.origin)
    let list = "&restype=container&comp=list"
    func status(_ url: String) async throws -> Int { try await served.ask(url + list).status }
    for url in urls { #expect(try await status(url) == 200) }
    // Every part is signed.
    for (part, other) in [
      ("sp=rl", "sp=rwl"), ("/film?", "/film2?"), ("sr=c", "sr=b"), ("sv=2020-12-06", "sv=2021-12-02"),
      ("se=20", "se=21"),
      ("&sig=", "&spr=https&sig="), ("&sig=", "&sip=1.2.3.4&sig="), ("&sig=", "&si=policy&sig="),
      ("&sig=", "&sp=rwl&sig="),
      ("&sig=", "&nothing="),
    ] {
      let answer = try await served.ask(urls[0].replacing(part, with: other) + list)
      #expect([400, 403].contains(answer.status), "\(other): \(answer.text)")
      #expect(!answer.text.contains("sig="))
    }
    let refused = try await served.ask(served.origin + "/main/film?restype=container&comp=list")
    #expect(refused.status == 403 && refused.headers["x-ms-error-code"] == "AuthenticationFailed")
    #expect(
      refused.text.contains("<Code>AuthenticationFailed</Code>") && refused.text.contains("listContainerSas"))
    try served.access.renewKey(1)
    #expect(try await status(urls[0]) == 403)
    #expect(try await status(urls[1]) == 200)
    served.wait(seconds: 601)
    #expect(try await status(urls[1]) == 403)
  }

  @Test func `a signature lives less than a day`() async throws {
    let served = try await ServedAccount()
    for expiry in [served.time(in: 24 * 3_600 + 5), served.time(in: -5), "tomorrow", ""] {
      #expect(throws: AccountError.self) {
        try served.access.sharedAccessURLs(
          storageAccount: "main", container: "film", permissions: .read, expiry: expiry, at: served.origin)
      }
    }
  }

  @Test func `only an asset's container is one`() async throws {
    let served = try await ServedAccount()
    for container in ["other", ".lockstep-film", "."] {
      let url = try served.access.sharedAccessURLs(
        storageAccount: "main", container: container, permissions: .readWriteDelete,
        expiry: served.time(in: 600),
        at: served.origin)[0]
      let answer = try await served.ask(url + "&restype=container&comp=list")
      #expect(answer.status == 404 || answer.status == 400, "\(container): \(answer.text)")
    }
    #expect(try await served.ask("/main").status == 400)
    #expect(try await served.ask("/").status != 200)
  }

  @Test func `bytes that came wrong are refused and leave nothing`() async throws {
    let served = try await ServedAccount()
    let put = ["x-ms-blob-type": "BlockBlob"]
    let wrong = Data(repeating: 0, count: 16).base64EncodedString()
    for (headers, code) in [
      (["Content-MD5": wrong], "Md5Mismatch"), (["Content-MD5": "x"], "InvalidMd5"),
      (["x-ms-blob-content-md5": wrong], "Md5Mismatch"),
      (["x-ms-blob-type": "PageBlob"], "InvalidHeaderValue"),
      (["x-ms-content-crc64": "AAAAAAAAAAA="], "UnsupportedHeader"),
      (["x-ms-meta-1": "x"], "InvalidHeaderValue"),
    ] {
      let answer = try await served.ask(
        try served.blobURL("a"), "PUT", headers: put.merging(headers) { $1 }, body: Data("bytes".utf8))
      #expect(answer.status == 400 && answer.headers["x-ms-error-code"] == code, "\(answer.text)")
    }
    for (name, code) in [
      ("%00", 400), ("a%2F..%2F..%2Fb", 400), ("..%2f..%2fb", 400), ("a%5Cb", 400), ("%ff", 400),
    ] {
      let answer = try await served.ask(try served.blobURL(name), "PUT", headers: put, body: Data("x".utf8))
      #expect(answer.status == code, "\(name): \(answer.text)")
    }
    let storage = try RootedFolder.open(served.folder["account/storage"])
    #expect(try storage.isEmpty())
  }

  @Test func `a link in a container is followed by nobody`() async throws {
    let served = try await ServedAccount()
    try served.folder.write("secret", to: "outside/file")
    let container = served.folder["account/storage/main/film"]
    for (name, target) in [("link", "outside/file"), ("folder", "outside")] {
      try FileManager.default.createSymbolicLink(
        atPath: "\(container)/\(name)", withDestinationPath: served.folder[target])
    }
    for name in ["link", "folder/file"] {
      let read = try await served.ask(try served.blobURL(name))
      #expect(read.status >= 400 && !read.text.contains("secret"))
      let written = try await served.ask(
        try served.blobURL(name), "PUT", headers: ["x-ms-blob-type": "BlockBlob"], body: Data("x".utf8))
      #expect(written.status >= 400)
    }
    #expect(try served.folder.read("outside/file") == "secret")
  }

  // MARK: What is published

  @Test func `an empty asset's locator is published with its files, and follows each of them`() async throws {
    let served = try await ServedAccount()
    try await served.publish([:])
    #expect(!served.folder.has("account/published/\(ServedAccount.locatorID)"))
    try await served.put("film.mp4", Data("one".utf8))
    try await served.put("sub/b.mp4", Data("b".utf8))
    #expect(
      served.published("film.mp4") == Data("one".utf8) && served.published("sub/b.mp4") == Data("b".utf8))
    try await served.put("film.mp4", Data("two".utf8))
    #expect(served.published("film.mp4") == Data("two".utf8))
    #expect(try await served.account.publicationProblems() == [])
    let played = try await served.ask(
      "/\(ServedAccount.locatorID)/sub/b.mp4", headers: ["Range": "bytes=0-0"])
    #expect(
      played.status == 206 && played.text == "b" && played.headers["access-control-allow-origin"] == "*")
    #expect(played.headers["content-type"] == "video/mp4")
    for name in ["film.mp4", "sub/b.mp4"] {
      #expect(try await served.ask(try served.blobURL(name), "DELETE").status == 202)
      #expect(served.published(name) == nil)
    }
    #expect(!served.folder.has("account/published/\(ServedAccount.locatorID)"))
    #expect(try await served.ask("/\(ServedAccount.locatorID)/film.mp4").status == 404)
    #expect(try await served.account.unfinished().isEmpty)
  }

  @Test func `many blobs at once are all published, and none is lost`() async throws {
    let served = try await ServedAccount()
    try await served.publish([:])
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<40 { group.addTask { try await served.put("s/\(index).ts", Data("\(index)".utf8)) } }
      try await group.waitForAll()
    }
    for index in 0..<40 { #expect(served.published("s/\(index).ts") == Data("\(index)".utf8)) }
    #expect(try await served.account.publicationProblems() == [])
    #expect(try await served.account.unfinished().isEmpty)
  }

  @Test func `media that does not check out is not published, and the old stays until it does`() async throws
  {
    let served = try await ServedAccount()
    let key = Data(repeating: 7, count: 16)
    let open: JSONObject = [
      "name": "open",
      "properties": [
        "options": [
          [
            "configuration": ["@odata.type": "#Microsoft.Media.ContentKeyPolicyClearKeyConfiguration"],
            "restriction": ["@odata.type": "#Microsoft.Media.ContentKeyPolicyOpenRestriction"],
          ]
        ]
      ],
    ]
    try await served.account.create(Resource(document: open, kind: .contentKeyPolicy))
    let first = try Clip.segment(Clip.clear(fill: 1), key: key, in: served.folder)
    let second = try Clip.segment(Clip.clear(fill: 2), key: key, in: served.folder)
    let playlist =
      "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"/keys/\(ServedAccount.keyID)\"\n#EXTINF:2,\n0.ts\n"
    try await served.put("0.ts", first)
    try await served.put("film.m3u8", Data(playlist.utf8))
    try await served.put("master.ts", Data("clear".utf8))
    try await served.publish([
      "streamingPolicyName": "Predefined_ClearKey", "defaultContentKeyPolicyName": "open",
      "contentKeys": [["id": .string(ServedAccount.keyID), "value": .string(key.base64EncodedString())]],
    ])
    #expect(served.published("0.ts") == first && served.published("master.ts") == nil)
    // Clear bytes never leave, and what was published stays whole.
    try await served.put("0.ts", Data(repeating: 0x47, count: 1_880))
    #expect(served.published("0.ts") == first)
    #expect(try await served.account.unfinished().map(\.name) == ["film"])
    try await served.put("0.ts", second)
    #expect(served.published("0.ts") == second && served.published("master.ts") == nil)
    #expect(try await served.account.unfinished().isEmpty)
    #expect(try await served.account.publicationProblems() == [])
  }

  // MARK: Keeping house

  @Test func `blocks that no list names for a week are taken away, and what is coming is not`() async throws {
    let served = try await ServedAccount()
    func putBlock(_ name: String) async throws {
      let answer = try await served.ask(
        try served.blobURL(name) + "&comp=block&blockid=AAAA", "PUT", body: Data("block".utf8))
      try #require(answer.status == 201, "\(answer.text)")
    }
    try await putBlock("old")
    let store = try BlobStore(
      ServedRegion(
        name: try RegionName(checking: "east"), account: served.account, lockPath: served.folder["lock2"]))
    let storage = served.folder["account/storage/main/.lockstep-incoming-left"]
    try Data().write(to: URL(fileURLWithPath: storage))
    try store.sweep()
    #expect(try store.folder.subfolder("blocks").folders().count == 1)
    #expect(FileManager.default.fileExists(atPath: storage))
    try await served.put("film.mp4", Data("x".utf8))
    served.wait(seconds: 8 * 24 * 3_600)
    try store.sweep()
    #expect(try store.folder.subfolder("blocks").folders().isEmpty)
    #expect(!FileManager.default.fileExists(atPath: storage))
    #expect(try await served.account.read(ResourceID(kind: .content, assetName: nil, name: "film")) != nil)
  }
}
