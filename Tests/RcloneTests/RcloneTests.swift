import Foundation
import Support
import Testing

@testable import Rclone

/// The driver of rclone, with the real program.
@Suite struct RcloneTests {
  private struct World {
    let folder: TemporaryFolder
    let source: RcloneRemote
    let target: RcloneRemote

    init() throws {
      folder = try TemporaryFolder()
      for name in ["source", "target"] {
        try FileManager.default.createDirectory(atPath: folder[name], withIntermediateDirectories: true)
      }
      source = RcloneRemote(options: ["type": "local"], path: folder["source"], label: "source")
      target = RcloneRemote(options: ["type": "local"], path: folder["target"], label: "target")
    }

    /// The paths of the files in a folder, byte for byte.
    func files(_ name: String) throws -> Set<[UInt8]> {
      let all = FileManager.default.enumerator(atPath: folder[name])?.allObjects as? [String] ?? []
      return Set(
        all.filter {
          var isFolder: ObjCBool = false
          return FileManager.default.fileExists(atPath: folder["\(name)/\($0)"], isDirectory: &isFolder)
            && !isFolder.boolValue
        }.map { Array($0.utf8) })
    }
  }

  /// A signature that must be found nowhere, in an address of a container.
  private static let signature = "c2VjcmV0LXNpZ25hdHVyZQ%3D%3D"
  private static func azure(_ address: String) throws -> RcloneRemote {
    try RcloneRemote(azureContainer: "\(address)?sv=2021-08-06&sr=c&sp=rl&sig=\(signature)")
  }

  @Test func `a listing tells path, size and MD5, whatever the names`() throws {
    let world = try World()
    let names = ["a.ts", "deep/#b ;.mp4", "- dash.ts", "e\u{301}.ts", "\u{e9}.ts"]
    for name in names { try world.folder.write(name, to: "source/\(name)") }
    let files = try Rclone().list(world.source)
    #expect(Set(files.map { Array($0.path.utf8) }) == Set(names.map { Array($0.utf8) }))
    let first = try #require(files.first { $0.path == "a.ts" })
    #expect(
      first
        == RcloneFile(
          path: "a.ts", size: 4, md5: "a53fd9e1cd21050c0d1c94ed8f5c332f", modified: first.modified))
    #expect(throws: RcloneError.self) { try Rclone().list(world.source.appending("none")) }
  }

  @Test func `storage that asks for fewer requests is told in few words`() throws {
    let folder = try TemporaryFolder()
    let script = """
      import http.server
      class Handler(http.server.BaseHTTPRequestHandler):
          def log_message(self, *arguments): pass
          def do_GET(self):
              body = b"<Error><Code>TooManyRequests</Code><Message>slow</Message></Error>"
              self.send_response(429)
              self.send_header("Retry-After", "1")
              self.send_header("x-ms-error-code", "TooManyRequests")
              self.send_header("Content-Length", str(len(body)))
              self.end_headers()
              self.wfile.write(body)
          do_HEAD = do_GET
      server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
      print(server.server_port, flush=True)
      server.serve_forever()
      """
    try folder.write(script, to: "busy.py")
    let server = try Program.start("python3", ["-u", folder["busy.py"]])
    defer { server.stop(SIGKILL) }
    var port = ""
    #expect(
      waitUntil {
        port = ((try? server.files.read("output")) ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        return !port.isEmpty
      })
    let error = #expect(throws: RcloneError.self) {
      try Rclone().list(Self.azure("http://127.0.0.1:\(port)/account/container"))
    }
    #expect(error?.code == .busy)
    #expect(
      error?.message.hasSuffix("the storage asks for fewer requests (429)") == true, "\(error?.message ?? "")"
    )
  }

  @Test func `only files that are named are copied, and only those are removed`() throws {
    let world = try World()
    let names = ["a.ts", "deep/#b ;.mp4", "e\u{301}.ts", "\u{e9}.ts", "- dash.ts", " lead.ts", "[x]{y}*.ts"]
    for name in names + ["not.ts", "deep/not.ts"] { try world.folder.write(name, to: "source/\(name)") }
    try world.folder.write("other", to: "target/a.ts")
    try world.folder.write("stays", to: "target/stays.ts")
    var moved: Int64 = 0
    try Rclone().copy(names, from: .remote(world.source), to: .remote(world.target)) { moved = $0 }
    #expect(try world.files("target").count == names.count + 1)
    #expect(moved == Int64(names.reduce(0) { $0 + $1.utf8.count }))
    #expect(try world.folder.read("target/a.ts") == "a.ts")
    #expect(try world.folder.read("target/e\u{301}.ts").utf8.elementsEqual("e\u{301}.ts".utf8))
    try Rclone().remove(["a.ts", " lead.ts"], at: world.target)
    try Rclone().remove([], at: world.target)
    #expect(try world.files("target").count == names.count - 1)
    #expect(world.folder.has("target/stays.ts"))
  }

  @Test func `a folder is an end like a remote, and a digest is of every byte`() throws {
    let world = try World()
    try world.folder.write("hello\n", to: "source/deep/a.ts")
    try Rclone().copy(["deep/a.ts"], from: .folder(world.folder["source"]), to: .remote(world.target))
    for (digest, text) in [
      (RcloneDigest.sha256, "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"),
      (.md5, "b1946ac92492d2347c6235b4d2611184"),
    ] {
      let digests = try Rclone().digests(digest, of: ["deep/a.ts"], at: world.target)
      #expect(digests.map(\.path) == ["deep/a.ts"] && digests.map(\.digest) == [text])
    }
    try Rclone().copy(["deep/a.ts"], from: .remote(world.target), to: .folder(world.folder["third"]))
    #expect(try world.folder.read("third/deep/a.ts") == "hello\n")
  }

  @Test func `a name with a control character is refused by name`() throws {
    let world = try World()
    let error = #expect(throws: RcloneError.self) {
      try Rclone().copy(["a\nb"], from: .remote(world.source), to: .remote(world.target))
    }
    #expect(error?.code == .invalid)
    #expect(error?.message.contains("'a?b'") == true)
  }

  @Test func `a copy ends when it is asked to`() throws {
    let world = try World()
    try world.folder.write(String(repeating: "x", count: 20_000_000), to: "source/big.ts")
    let storage = try WebDAVStorage(world.folder["dav"], rate: "1M")
    let slow = RcloneRemote(options: ["type": "webdav", "url": storage.url], path: "", label: "slow")
    let begun = Date()
    let error = #expect(throws: RcloneError.self) {
      try Rclone(stopping: { Date().timeIntervalSince(begun) > 1 }).copy(
        ["big.ts"], from: .remote(world.source), to: .remote(slow))
    }
    #expect(error?.code == .interrupted)
  }

  @Test func `invariant 6: a signed URL stands in no argument, message or file`() throws {
    // A service that refuses, in words that repeat the whole address.
    let folder = try TemporaryFolder()
    let service = """
      import http.server, sys
      class Refusal(http.server.BaseHTTPRequestHandler):
          def do_GET(self):
              self.send_response(403)
              self.send_header("Content-Type", "application/xml")
              self.send_header("x-ms-error-code", "AuthenticationFailed")
              self.end_headers()
              here = self.path.replace("&", "&amp;")
              self.wfile.write(
                  ("<?xml version='1.0'?><Error><Code>AuthenticationFailed</Code><Message>not allowed: http://here"
                      + here + "</Message></Error>").encode())
          do_HEAD = do_GET
          def log_message(self, *words): pass
      server = http.server.HTTPServer(("127.0.0.1", 0), Refusal)
      open(sys.argv[1], "w").write(str(server.server_port) + "\\n")
      server.serve_forever()
      """
    let child = try Program.start("python3", ["-c", service, folder["port"]])
    defer { child.stop() }
    #expect(waitUntil { (try? folder.read("port").hasSuffix("\n")) == true })
    let port = try folder.read("port").trimmingCharacters(in: .newlines)
    let remote = try Self.azure("http://127.0.0.1:\(port)/account/container")
    #expect(remote.label == "http://127.0.0.1:\(port)/account/container")
    #expect(remote.path == "container")
    let error = #expect(throws: RcloneError.self) { try Rclone().list(remote) }
    let message = try #require(error?.message)
    #expect(message.contains("AuthenticationFailed"), "\(message)")
    for secret in [Self.signature, "c2VjcmV0LXNpZ25hdHVyZQ"] {
      #expect(!message.contains(secret), "\(message)")
      #expect(!"\(remote) \(remote.argument(calling: "x"))".contains(secret))
    }
  }

  @Test func `a signature is taken out of whatever rclone says`() throws {
    let remote = try Self.azure("http://127.0.0.1:9/account/container")
    // What rclone says where nobody answers.
    let words = """
      HTTP request failed Get "http://127.0.0.1:9/account/container?comp=list&sig=\(Self.signature)&sv=1": dial tcp
      """
    let cleaned = Redaction([remote]).clean(words)
    #expect(
      cleaned
        == #"HTTP request failed Get "http://127.0.0.1:9/account/container?comp=list&sig=…&sv=1": dial tcp"#)
    #expect(Redaction([]).clean("a?sig=abc%2B&x=1 and sig=def") == "a?sig=…&x=1 and sig=…")
    let secret = RcloneRemote(
      options: ["type": "s3", "secret_access_key": "abcdefgh"], path: "b", label: "b")
    #expect(Redaction([secret]).clean("key abcdefgh is wrong") == "key … is wrong")
  }

  @Test func `addresses of containers are taken apart as the services give them`() throws {
    #expect(try Self.azure("https://films.blob.core.windows.net/asset-1").path == "asset-1")
    #expect(try Self.azure("https://[::1]:10000/films/asset-1").path == "asset-1")
    for address in ["https://films.blob.core.windows.net/", "https://127.0.0.1/asset-1", "films"] {
      let error = #expect(throws: RcloneError.self) { try Self.azure(address) }
      #expect(error?.message.contains(Self.signature) == false)
    }
  }

  @Test func `a remote of the person's own is named, never described in arguments`() throws {
    let remote = try RcloneRemote(configured: "cloud:bucket").appending("asset-1")
    #expect(remote.argument(calling: "x") == "cloud:bucket/asset-1")
    #expect(try RcloneRemote(configured: "cloud:").appending("a").argument(calling: "x") == "cloud:a")
    for text in [":s3,secret=x:b", "cloud,secret=x:b", "cloud", "/srv/films", "-x:y", ""] {
      #expect(throws: RcloneError.self, "\(text)") { try RcloneRemote(configured: text) }
    }
  }

  @Test func `a full disk and a missing program are told with what mends them`() throws {
    let world = try World()
    try world.folder.write("x", to: "source/a.ts")
    let error = #expect(throws: RcloneError.self) {
      try Rclone().copy(
        ["a.ts"], from: .remote(world.source),
        to: .remote(try RcloneRemote(configured: "no-such-remote:bucket")))
    }
    #expect(error?.code == .invalid, "\(error?.message ?? "")")
    #expect(error?.hint?.isEmpty == false)
  }
}
