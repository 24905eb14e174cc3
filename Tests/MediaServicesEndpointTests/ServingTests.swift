import Foundation
import Support
import Testing

/// How the server is reached, by whom, and how it gets on with the other programs of a region.
@Suite struct ServingTests {
  private let assets = "\(ServedFolder.base)/assets"

  @Test func `what was written is captured, and a second capture finds nothing new`() throws {
    let served = try ServedFolder()
    for script in ["policies.py", "filters.py", "locators.py", "endpoints.py"] { try served.run(script) }
    let captured = try served.lockstep("capture")
    #expect(captured.status == 0, "\(captured.errors)")
    let again = try served.lockstep("drift")
    #expect(again.status == 0, "\(again.output)\(again.errors)")
    let tree = try Program.git("ls-tree", "-r", "--name-only", "HEAD", in: served.region)
    #expect(tree.contains("mirrored/content-key-policies/everything.json"))
    #expect(tree.contains("mirrored/streaming-locators/"))
    #expect(tree.contains("local/streaming-endpoints/auto.json"))
    #expect(!tree.contains("assigned") && !tree.contains("Predefined"))
    let policy = try Program.git("show", "HEAD:mirrored/content-key-policies/token.json", in: served.region)
    #expect(!policy.contains("policyOptionId") && !policy.contains("created") && policy.contains("sealed:"))
    // A write is taken back, and the endpoint, which kept running, shows it.
    #expect(
      try served.status("PUT", "\(ServedFolder.base)/accountFilters/late?\(ServedFolder.version)").hasPrefix(
        "201"))
    let kept = "account/account/assigned/account-filters/late.json"
    #expect(served.folder.has(kept))
    for command in [["capture"], ["rollback", "HEAD"], ["apply"]] {
      let outcome = try Program.run(Program.lockstep, command + ["-C", served.region])
      #expect(outcome.status == 0, "\(command): \(outcome.output)\(outcome.errors)")
    }
    let gone = try served.status("GET", "\(ServedFolder.base)/accountFilters/late?\(ServedFolder.version)")
    #expect(gone.hasPrefix("404"), "\(gone)")
    #expect(!served.folder.has(kept), "another filter of that name would have its ids")
  }

  @Test func `what apply has made is shown, with ids that stay`() throws {
    let folder = try TemporaryFolder()
    let served = try ServedFolder(in: folder)
    try folder.write(
      #"{"name":"made elsewhere","properties":{"container":"films","storageAccountName":"eaststorage"}}"#,
      to: "account/account/assets/made%20elsewhere.json")
    let path = "\(assets)/made%20elsewhere?\(ServedFolder.version)"
    let first = try served.status("GET", path)
    #expect(first.hasPrefix("200") && first.contains("assetId"), "\(first)")
    #expect(served.server.stop() == 0)
    let second = try ServedFolder(in: folder).status("GET", path)
    #expect(second == first)
  }

  @Test func `beyond this machine a token is required, and it is compared`() throws {
    let folder = try TemporaryFolder()
    let lonely = try Program.run(
      ServedFolder.program, ["-C", folder["nothing"], "--listen", "0.0.0.0:0"])
    #expect(lonely.status != 0)
    try folder.write("tell nobody\n", to: "two words")
    try folder.write("s3cret-token\n", to: "token")
    let served = try ServedFolder(
      ["--token-file", folder["token"]], in: folder, variables: ["LOCKSTEP_TOKEN": "s3cret-token"])
    try served.run("account.py")
    let path = "\(assets)?\(ServedFolder.version)"
    #expect(try served.status("GET", path).hasPrefix("401"))
    #expect(
      try served.status("GET", path, headers: ["Authorization": "Bearer s3cret-tokem"]).hasPrefix("401"))
    #expect(try served.status("GET", path, headers: ["Authorization": "Basic s3cret-token"]).hasPrefix("401"))
    #expect(
      try served.status("GET", path, headers: ["Authorization": "bearer s3cret-token"]).hasPrefix("200"))
    #expect(!served.log.contains("s3cret"))
    let open = try Program.run(ServedFolder.program, ["-C", served.region, "--listen", "0.0.0.0:0"])
    #expect(open.status == 4 && open.errors.contains("--token-file"), "\(open.errors)")
    let bad = try Program.run(
      ServedFolder.program, ["-C", served.region, "--token-file", folder["two words"]])
    #expect(bad.status != 0 && !bad.errors.contains("tell nobody"))
  }

  @Test func `TLS with a certificate of one's own`() throws {
    let folder = try TemporaryFolder()
    let made = try Program.run(
      "openssl",
      [
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
        "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", folder["key.pem"], "-out", folder["cert.pem"],
      ])
    #expect(made.status == 0, "\(made.errors)")
    let served = try ServedFolder(
      ["--tls-cert", folder["cert.pem"], "--tls-key", folder["key.pem"], "--page-size", "3"], in: folder,
      variables: ["LOCKSTEP_CERTIFICATE": folder["cert.pem"]])
    #expect(served.url.hasPrefix("https://"))
    try served.run("account.py")
    try served.run("lists.py")
    // What cannot be served is said by the file, or the address, that it is about.
    #expect(try Program.run("openssl", ["genrsa", "-out", folder["other.pem"], "2048"]).status == 0)
    try folder.write("no certificate\n", to: "junk")
    let port = try #require(served.url.split(separator: ":").last)
    for (options, words) in [
      (["--tls-cert", folder["cert.pem"], "--tls-key", folder["other.pem"]], "other.pem is not that of"),
      (["--tls-cert", folder["junk"], "--tls-key", folder["key.pem"]], "junk holds no certificate"),
      (["--tls-cert", folder["cert.pem"], "--tls-key", folder["junk"]], "junk holds no private key"),
      (["--listen", "127.0.0.1:\(port)"], "127.0.0.1:\(port): Address already in use"),
    ] {
      let outcome = try Program.run(ServedFolder.program, ["-C", served.region] + options)
      #expect(outcome.status == 1 && outcome.errors.contains(words), "\(outcome.errors)")
      #expect(outcome.errors.contains("hint: "), "\(outcome.errors)")
    }
  }

  @Test func `the log has method, path, status and time, and nothing of the query`() throws {
    let served = try ServedFolder()
    _ = try served.status("GET", "\(assets)?\(ServedFolder.version)&sig=hush")
    #expect(served.log.contains("GET \(assets) 200 "), "\(served.log)")
    #expect(!served.log.contains("hush"))
  }

  @Test func `a write waits for who works on the region, and then says so`() throws {
    let served = try ServedFolder(["--lock-seconds", "0.2"])
    let lock = "\(served.region)/.git/lockstep/lock"
    let holder = try Program.start("flock", [lock, "sleep", "60"])
    defer { holder.stop(SIGKILL) }
    #expect(waitUntil { (try? Program.run("flock", ["-n", lock, "true"]).status) != 0 })
    let refused = try served.status("PUT", "\(assets)/a?\(ServedFolder.version)")
    #expect(refused.hasPrefix("503 1 ") && refused.contains("ServerBusy"), "\(refused)")
    #expect(try served.status("GET", "\(assets)?\(ServedFolder.version)").hasPrefix("200"))
    _ = try Program.run("pkill", ["-P", "\(holder.id)"])
    holder.stop(SIGKILL)
    #expect(try served.status("PUT", "\(assets)/a?\(ServedFolder.version)").hasPrefix("201"))
    // Between requests the server holds nothing.
    #expect(try Program.run("flock", ["-n", lock, "true"]).status == 0)
  }

  @Test func `while an apply is cut off nothing is written`() throws {
    let served = try ServedFolder()
    try served.folder.write("lockstep-apply-2 x y\n", to: "east/.git/lockstep/apply")
    let refused = try served.status("PUT", "\(assets)/a?\(ServedFolder.version)")
    #expect(refused.hasPrefix("409") && refused.contains("lockstep apply -C"), "\(refused)")
    #expect(try served.status("GET", "\(assets)?\(ServedFolder.version)").hasPrefix("200"))
    try FileManager.default.removeItem(atPath: served.folder["east/.git/lockstep/apply"])
    #expect(try served.status("PUT", "\(assets)/a?\(ServedFolder.version)").hasPrefix("201"))
  }

  @Test(arguments: [SIGTERM, SIGINT]) func `it ends cleanly when it is asked to`(signal: Int32) throws {
    let served = try ServedFolder()
    #expect(try served.status("GET", "/health").hasPrefix("200"))
    #expect(served.server.stop(signal) == 0, "\(served.log)")
  }

  @Test func `lockstep serve becomes the program beside it, or says where to get it`() throws {
    let help = try Program.run(Program.lockstep, ["serve", "--help"])
    #expect(help.status == 0 && help.output.contains("--token-file"), "\(help.output)\(help.errors)")
    // Another name of the same program, in a folder without its companion; a copy might still be open for writing when
    // another test starts a program.
    let folder = try TemporaryFolder(in: (Program.lockstep as NSString).deletingLastPathComponent)
    let lonely = folder["lockstep"]
    try FileManager.default.linkItem(atPath: Program.lockstep, toPath: lonely)
    let missing = try Program.run(lonely, ["serve", "-C", "east"], environment: ["PATH": folder.path])
    #expect(missing.status == 1, "\(missing.errors)")
    #expect(missing.errors.contains("hint: build it with"), "\(missing.errors)")
    let echo = try #require(Program.find("echo"))
    try FileManager.default.createSymbolicLink(atPath: folder["lockstep-serve"], withDestinationPath: echo)
    let found = try Program.run(
      lonely, ["serve", "-C", "east", "--listen", "x y"], environment: ["PATH": folder.path])
    #expect(found.output == "-C east --listen x y\n", "\(found.output)\(found.errors)")
  }

  @Test func `many writers at once lose nothing`() throws { try ServedFolder().run("writers.py") }
}
