import Foundation
import Support
import Testing

/// Every rule that a pushed file must keep to, with what it refuses and what it takes.
@Suite struct PushRulesTests {
  @Test func `files stand in their places, are ordinary ones, and no larger than documents are`() throws {
    let region = try PushedRegion()
    for file in [
      "README.md", "mirrored/.gitattributes", "mirrored/notes/x.json", "local/notes.txt", "other/x.json",
    ] {
      try region.folder.write("{}\n", to: "clone/\(file)")
      try region.commit()
      try region.refuse("place", file)
    }
    let link = "mirrored/account-filters/link.json"
    try region.filter("beside")
    try FileManager.default.createSymbolicLink(
      atPath: "\(region.clone)/\(link)", withDestinationPath: "/etc/passwd")
    try region.commit()
    try region.refuse("ordinary-file", link)
    try region.filter("program")
    try Program.run("chmod", ["+x", "mirrored/account-filters/program.json"], in: region.clone)
    try region.commit()
    try region.refuse("ordinary-file", "git update-index --chmod=-x")
    let head = try region.git("rev-parse", "HEAD")
    try region.git("update-index", "--add", "--cacheinfo", "160000,\(head),mirrored/account-filters/sub.json")
    try region.git("commit", "--quiet", "-m", "A repository within")
    try region.refuse("ordinary-file", "sub.json")
    let text = String(repeating: "x", count: 17 << 20)
    try region.folder.write(
      "{\n  \"name\": \"large\",\n  \"properties\": {\n    \"x\": \"\(text)\"\n  }\n}\n",
      to: "clone/mirrored/account-filters/large.json")
    try region.commit()
    try region.refuse("size", "large.json", "16777216 at most")
    try region.filter("plain")
    try region.filter("large", #"{"x":"\#(text.prefix(1 << 20))"}"#)
    let endpoint = "local/streaming-endpoints/default.json"
    try region.write(endpoint, #"{"location":"here","name":"default","properties":{"scaleUnits":0}}"#)
    try region.commit()
    try region.accept()
    // What becomes no ordinary file comes back, and is not taken out of every region.
    let plain = "mirrored/account-filters/plain.json"
    let blob = try region.git("rev-parse", "HEAD:\(plain)")
    try FileManager.default.removeItem(atPath: "\(region.clone)/\(plain)")
    try FileManager.default.createSymbolicLink(
      atPath: "\(region.clone)/\(plain)", withDestinationPath: "/etc/hosts")
    try region.commit()
    let commit = try region.git("rev-parse", "--short=10", "HEAD")
    let outcome = try region.push()
    #expect(
      outcome.errors.contains("git checkout \(commit)^1 -- \(plain) && git commit --amend"), "\(outcome)")
    try region.git("checkout", "--quiet", "\(commit)^1", "--", plain)
    #expect(try region.git("rev-parse", ":\(plain)") == blob)
  }

  @Test func `names that are no UTF-8 are refused`() throws {
    let region = try PushedRegion()
    try region.filter("plain")
    let blob = try region.git("hash-object", "-w", "mirrored/account-filters/plain.json")
    let shell =
      "printf '100644 \(blob)\\tmirrored/account-filters/x\\377y.json\\0' | git update-index -z --index-info"
    try Program.run("sh", ["-c", shell], in: region.clone)
    try region.git("commit", "--quiet", "-m", "Not UTF-8")
    try region.refuse("ordinary-file", "no UTF-8")
  }

  @Test func `documents are canonical, where their names belong, and what services take`() throws {
    let region = try PushedRegion()
    let file = "mirrored/account-filters/plain.json"
    try region.folder.write("{\"name\":\"plain\",\"properties\":{}}\n", to: "clone/\(file)")
    try region.commit()
    try region.refuse("canonical", "\(file):1", "lockstep fmt \(file)")
    try region.folder.write("{\n  \"name\": \"plain\",\n  \"properties\": {\n", to: "clone/\(file)")
    try region.commit()
    try region.refuse("document", "\(file):4")
    try region.folder.write("{\n  \"name\": \"plain\"\n}\n", to: "clone/\(file)")
    try region.commit()
    try region.refuse("document", "\"properties\"")
    try region.write("mirrored/account-filters/other.json", #"{"name":"plain","properties":{}}"#)
    try region.commit()
    try region.refuse("path", "other.json:2", "git mv mirrored/account-filters/other.json \(file)")
    try region.filter("plain", #"{"firstQuality":{"bitrate":"much"},"tracks":[]}"#)
    try region.commit()
    try region.refuse("schema", "\(file):5", "/properties/firstQuality/bitrate")
    try region.filter("plain", #"{"firstQuality":{"bitrate":128000}}"#)
    try region.commit()
    try region.accept()
  }

  @Test func `secrets stay sealed`() throws {
    let region = try PushedRegion()
    let file = "mirrored/content-key-policies/tokens.json"
    let text = try region.read(file)
    let sealed = try region.regions.sealedValue()
    try region.folder.write(text.replacingOccurrences(of: sealed, with: "dHdv"), to: "clone/\(file)")
    try region.commit()
    try region.refuse("secret", "\(file):16", "lockstep seal", "(secret, commit")
    let key = try region.regions.currentKey()
    try region.remove("mirrored/sealing/\(key).age")
    try region.commit()
    try region.refuse("lost-key", "\(key).age")
    try region.folder.write(
      "lockstep data key 1\n", to: "clone/mirrored/sealing/\(key.reversed().map(String.init).joined()).age")
    try region.commit()
    try region.refuse("recipients", "no age file")
    try region.regions.succeed(["seal", "\(region.clone)/\(file)"])
    try region.folder.write(
      text.replacingOccurrences(of: #""audience": "a""#, with: #""audience": "b""#), to: "clone/\(file)")
    try region.commit()
    try region.accept()
  }

  @Test func `a tree says which region it is, and which fleet it is of`() throws {
    let region = try PushedRegion()
    let file = "local/region.json"
    let text = try region.read(file)
    try region.folder.write(text.replacingOccurrences(of: "\"east\"", with: "\"west\""), to: "clone/\(file)")
    try region.commit()
    try region.refuse("region", "claims to be region west", "repository of region east")
    try region.remove(file)
    try region.commit()
    try region.refuse("region", file)
    try region.write("mirrored/fleet.json", #"{"primary":"nobody","regions":{}}"#)
    try region.commit()
    try region.refuse("schema", "fleet.json:1: /epoch", "is wanted")
    try region.write(
      "mirrored/fleet.json",
      #"{"epoch":{"id":"x","number":1},"primary":"nobody","regions":{"east":{"repository":"/srv/east"}}}"#)
    try region.commit()
    try region.refuse("schema", "fleet.json:6: /primary", "nobody")
    try region.folder.write(
      text.replacingOccurrences(of: "eaststorage", with: "otherstorage"), to: "clone/\(file)")
    try region.write(
      "mirrored/fleet.json",
      #"{"epoch":{"id":"x","number":1},"primary":"east","regions":{"east":{"repository":"/srv/east"}}}"#)
    try region.commit()
    try region.accept()
  }

  @Test func `an epoch rises, with an id of its own, and nothing but it makes another region primary`() throws
  {
    let region = try PushedRegion()
    func fleet(_ number: Int, _ id: String, primary: String = "east") throws {
      let regions = #"{"east":{"repository":"/srv/east"},"west":{"repository":"/srv/west"}}"#
      try region.write(
        "mirrored/fleet.json",
        #"{"epoch":{"id":"\#(id)","number":\#(number)},"primary":"\#(primary)","regions":\#(regions)}"#)
      try region.commit()
    }
    try fleet(2, "b")
    try region.accept()
    try fleet(1, "a")
    try region.refuse(
      "epoch", "mirrored/fleet.json:4: ", "lowers the epoch from 2 to 1", "lockstep switchover")
    try fleet(2, "c")
    try region.refuse("epoch", "with another id (c for b)")
    try fleet(2, "b", primary: "west")
    try region.refuse("epoch", "names west as primary and keeps the epoch 2")
    try fleet(3, "b")
    try region.refuse("epoch", "keeps the id b")
    try region.remove("mirrored/fleet.json")
    try region.commit()
    try region.refuse("epoch", "taken out")
    // Commit by commit: what one lowers, the next one does not make good.
    try fleet(1, "a")
    try fleet(3, "c")
    try region.refuse("epoch", "lowers the epoch from 2 to 1")
    try fleet(3, "c", primary: "west")
    try region.accept()
  }

  @Test func `what is referred to is there, in what is pushed and in the rest of the region`() throws {
    let region = try PushedRegion()
    try region.locator("second", id: 2, asset: "nowhere")
    try region.commit()
    try region.refuse("reference", "locator/second refers to asset/nowhere", ".json:4")
    try region.locator("second", id: 2, #","filters":["nowhere"]"#)
    try region.commit()
    try region.refuse("reference", "asset-filter/film/nowhere or account-filter/nowhere")
    try region.write(
      region.path("streaming-locators", "second"),
      #"{"name":"second","properties":{"assetName":"film","streamingPolicyName":"Predefined_Unheard"}}"#)
    try region.commit()
    try region.refuse("reference", "no predefined policy Predefined_Unheard")
    // The locator and the inventory are not in the push: only the index knows of them.
    let asset = try region.path("assets", "film")
    try region.remove(asset)
    try region.commit()
    try region.refuse(
      "reference", asset, "locator/film refers to asset/film", "content/film refers to asset/film")
    // A filter and who uses it come and go together; a commit in the middle may not stand alone.
    try region.filter("short")
    try region.locator("second", id: 2, #","filters":["short"]"#)
    try region.commit()
    try region.remove("mirrored/account-filters/short.json")
    try region.commit()
    try region.refuse("reference", "locator/second refers to", "account-filter/short", keeping: true)
    try region.git("reset", "--quiet", "--hard", "HEAD~1")
    try region.accept()
    try region.remove("mirrored/account-filters/short.json")
    try region.remove(region.path("streaming-locators", "second"))
    try region.commit()
    try region.accept()
  }

  @Test func `labels of keys stay in their policies`() throws {
    let region = try PushedRegion()
    func policy(_ label: String) throws {
      try region.write(
        "mirrored/streaming-policies/own.json",
        """
        {"name":"own","properties":{"commonEncryptionCenc":{"contentKeys":{"defaultKey":{"label":"\(label)"}},
        "enabledProtocols":{"dash":true,"download":false,"hls":false,"smoothStreaming":false}}}}
        """)
    }
    let key = "00000000-0000-4000-8000-000000000077"
    try policy("one")
    let locator = try region.path("streaming-locators", "labelled")
    func write(_ label: String) throws {
      try region.write(
        locator,
        """
        {"name":"labelled","properties":{"assetName":"film","contentKeys":[{"id":"\(key)",
        "labelReferenceInStreamingPolicy":"\(label)"}],"streamingPolicyName":"own"}}
        """)
    }
    try write("two")
    try region.commit()
    try region.refuse("reference", "label two", locator)
    try policy("one")
    try write("one")
    try region.commit()
    try region.accept()
    try policy("two")
    try region.commit()
    try region.refuse(
      "reference", "streaming-policies/own.json", "locator/labelled has a key for the label one")
  }

  @Test func `no id belongs to two resources`() throws {
    let region = try PushedRegion()
    try region.locator("second", id: 2)
    try region.locator("third", id: 2)
    try region.commit()
    try region.refuse("unique", "claim the same locator id")
    try region.locator("second", id: 2)
    try region.commit()
    try region.accept()
    try region.locator("third", id: 2)
    try region.commit()
    try region.refuse("unique", "locator/third and locator/second claim the same locator id")
    // An id may go from one to the other.
    try region.remove(region.path("streaming-locators", "second"))
    try region.locator("third", id: 2)
    try region.commit()
    try region.accept()
  }
}
