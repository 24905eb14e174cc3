import Foundation
import Support
import Testing

/// Identity never changes silently by a push (invariant 4).
@Suite struct PushIdentityTests {
  private static let trailer = "Lockstep-Allow-Identity-Change"

  @Test func `an id changes only where the commit says so`() throws {
    let region = try PushedRegion()
    try region.locator("second", id: 2)
    try region.commit()
    try region.accept()
    try region.locator("second", id: 3)
    try region.commit()
    let place = try region.git("grep", "-n", "streamingLocatorId", "HEAD", "--", "*/second.json").split(
      separator: ":")
    try region.refuse(
      "identity", "\(place[1]):\(place[2]): locator/second",
      "the locator id 00000000-0000-4000-8000-000000000002 would change",
      "--trailer '\(Self.trailer): locator/second'", keeping: true)
    // Taking it back in the next commit does not take it out of the history.
    try region.locator("second", id: 2)
    try region.commit()
    try region.refuse("identity")
    try region.locator("second", id: 3)
    try region.commit("By hand\n\n\(Self.trailer): locator/other")
    try region.refuse("identity")
    // Another commit's word is none for this one.
    try region.locator("second", id: 3)
    try region.commit()
    try region.git(
      "commit", "--quiet", "--allow-empty", "-m", "Meant", "--trailer", "\(Self.trailer): locator/second")
    try region.refuse("identity", "git rebase -i", "--amend --no-edit --trailer")
    try region.locator("second", id: 3)
    try region.commit("By hand\n\n\(Self.trailer): locator/second")
    try region.accept()
  }

  @Test func `taking out and bringing back with another id is a change, in one push and over two`() throws {
    let region = try PushedRegion()
    try region.locator("second", id: 2)
    try region.commit()
    try region.accept()
    let file = try region.path("streaming-locators", "second")
    try region.remove(file)
    try region.commit()
    try region.filter("between")
    try region.commit()
    try region.locator("second", id: 3)
    try region.commit()
    try region.refuse("identity", "locator/second", file)
    // The commit that brings it back says so, not the one that takes it out.
    for (taken, brought, isMeant) in [
      ("\(Self.trailer): locator/second", "Again", false), ("Out", "\(Self.trailer): locator/second", true),
    ] {
      try region.remove(file)
      try region.commit("Out\n\n\(taken)")
      try region.locator("second", id: 3)
      try region.commit("Back\n\n\(brought)")
      if isMeant { try region.accept() } else { try region.refuse("identity", "locator/second", file) }
    }
    try region.locator("second", id: 2)
    try region.commit("Back to the first\n\n\(Self.trailer): locator/second")
    try region.accept()
    // As it was, it may come back.
    try region.remove(file)
    try region.commit()
    try region.locator("second", id: 2)
    try region.commit()
    try region.accept()
    // Over two pushes, what is live counts: the film's locator is, the second one never was.
    let film = try region.path("streaming-locators", "film")
    let text = try region.read(film)
    try region.remove(film)
    try region.remove(file)
    try region.commit()
    try region.accept()
    let id = locatorID(text)
    try region.write(film, text.replacingOccurrences(of: id, with: "00000000-0000-4000-8000-000000000009"))
    try region.commit()
    try region.refuse("identity", "locator/film: the locator id \(id) would change")
    try region.write(film, text)
    try region.locator("second", id: 3)
    try region.commit()
    try region.accept()
  }

  private func locatorID(_ text: String) -> String {
    let parts = text.components(separatedBy: "\"")
    return parts.firstIndex(of: "streamingLocatorId").map { parts[$0 + 2] } ?? ""
  }

  @Test func `values under one data key are compared, a reseal is no change`() throws {
    let region = try PushedRegion()
    let file = "mirrored/content-key-policies/tokens.json"
    let text = try region.read(file)
    let sealed = try region.regions.sealedValue()
    try region.folder.write(text.replacingOccurrences(of: sealed, with: "dHdv"), to: "clone/\(file)")
    try region.regions.succeed(["seal", "\(region.clone)/\(file)"])
    try region.commit()
    try region.refuse("identity", "the secret at", "tokens and licences")
    // Another place pushes the rotated region.
    let other = region.folder["other"]
    try Program.git("clone", "--quiet", region.east, other, in: "/")
    try region.regions.succeed(["keys", "rotate", "-C", region.east, "--yes"])
    try region.git("fetch", "--quiet")
    let rotated = try Program.git("rev-parse", "HEAD", in: region.east)
    try Program.git("reset", "--quiet", "--hard", "HEAD~1", in: region.east)
    #expect(try Program.git("rev-parse", "HEAD", in: region.east) != rotated)
    try region.accept("\(rotated):refs/heads/main")
  }

  @Test func `a merge is judged against every parent, and what its other side said counts`() throws {
    let region = try PushedRegion()
    try region.locator("second", id: 2)
    try region.commit()
    try region.accept()
    let base = try region.git("rev-parse", "HEAD")
    // One side changes the id and says so, the other one does something else.
    try region.git("checkout", "--quiet", "-b", "side")
    try region.filter("side")
    try region.commit()
    try region.git("checkout", "--quiet", "main")
    try region.locator("second", id: 3)
    try region.commit("Another id\n\n\(Self.trailer): locator/second")
    try region.git("merge", "--quiet", "--no-edit", "side")
    try region.accept()
    // A merge that brings back what its other side never changed is a change.
    try region.git("checkout", "--quiet", "-B", "old", base)
    try region.filter("old")
    try region.commit()
    try region.git("checkout", "--quiet", "main")
    try region.git("merge", "--quiet", "--no-commit", "old")
    try region.locator("second", id: 2)
    try region.commit("Merge what is old")
    try region.refuse("identity", "locator/second")
    // Histories without a common beginning: what one creates is a change to the other.
    try region.git("checkout", "--quiet", "--orphan", "root")
    try region.locator("second", id: 4)
    try region.commit("A root of its own")
    try region.git("checkout", "--quiet", "main")
    let tree = try region.git("rev-parse", "root^{tree}")
    let merge = try region.git("commit-tree", tree, "-p", "main", "-p", "root", "-m", "Theirs")
    try region.refuse("identity", "locator/second", pushing: ["\(merge):refs/heads/main"])
  }

  @Test func `a merge can break a reference though both sides are sound`() throws {
    let region = try PushedRegion()
    try region.filter("short")
    try region.commit()
    try region.accept()
    // Both sides are in one push, so that each is judged by itself, too.
    try region.git("checkout", "--quiet", "-b", "side")
    try region.locator("second", id: 2, #","filters":["short"]"#)
    try region.commit()
    try region.git("checkout", "--quiet", "main")
    try region.remove("mirrored/account-filters/short.json")
    try region.commit()
    try region.git("merge", "--quiet", "--no-edit", "side")
    try region.refuse("reference", "locator/second refers to", "account-filter/short")
    // The same with an id that both sides give out.
    try region.git("checkout", "--quiet", "-B", "side", "origin/main")
    try region.locator("second", id: 2)
    try region.commit()
    try region.git("checkout", "--quiet", "main")
    try region.locator("third", id: 2)
    try region.commit()
    try region.git("merge", "--quiet", "--no-edit", "side")
    try region.refuse("unique", "claim the same locator id")
    try region.git("checkout", "--quiet", "-B", "side", "origin/main")
    try region.locator("second", id: 2, #","filters":["short"]"#)
    try region.commit()
    try region.git("checkout", "--quiet", "main")
    try region.locator("third", id: 3)
    try region.commit()
    try region.git("merge", "--quiet", "--no-edit", "side")
    try region.accept()
    // A merge that takes out by itself what neither side did is asked of the index.
    try region.git("checkout", "--quiet", "-B", "side", "main")
    try region.filter("side")
    try region.commit()
    try region.git("checkout", "--quiet", "main")
    try region.filter("main")
    try region.commit()
    try region.git("merge", "--quiet", "--no-commit", "side")
    try region.remove("mirrored/account-filters/short.json")
    try region.commit("An evil merge")
    try region.refuse("reference", "short.json", "locator/second refers to")
  }
}
