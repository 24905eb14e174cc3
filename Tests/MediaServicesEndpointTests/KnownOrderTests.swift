import FolderAccount
import Foundation
import LiveAccount
import MediaResources
import Support
import Testing

@testable import MediaServicesEndpoint

/// Lists that are ordered by a time: what is known from a page before is not asked again, and never out of date.
@Suite struct KnownOrderTests {
  @Test func `an order is found once for as long as nothing changes`() {
    let order = KnownOrder()
    var asked = 0
    func keys(_ mark: UInt64, _ field: String = "properties/created") -> [String] {
      order.keys(of: .asset, by: field, at: ObservationStamp(SIMD4(mark, 0, 0, 0))) {
        asked += 1
        return [("2", "b"), ("1", "c"), ("1", "a")].map { ListOptions.Key(value: $0.0, name: $0.1) }
      }.map(\.name)
    }
    for (mark, wanted) in [(1, 1), (1, 1), (2, 2), (2, 2), (0, 3), (0, 4), (2, 4)] as [(UInt64, Int)] {
      #expect(keys(mark) == ["a", "c", "b"])
      #expect(asked == wanted)
    }
    _ = keys(2, "properties/endtime")
    #expect(asked == 5)
  }

  @Test func `pages by time follow every change, whoever makes it`() throws {
    let folder = try TemporaryFolder()
    let served = try ServedFolder(["--page-size", "2"], in: folder)
    let list = "\(ServedFolder.base)/assets?\(ServedFolder.version)&$orderby=properties/created"
    func names() throws -> [String] {
      try ["a", "b", "c", "d"].filter { try served.status("GET", list).contains("\"name\":\"\($0)\"") }
    }
    try FileManager.default.createDirectory(
      atPath: folder["account/account/assets"], withIntermediateDirectories: true)
    func put(_ name: String) throws {
      // As apply does: written elsewhere, and renamed.
      try folder.write(
        #"{"name":"\#(name)","properties":{"container":"\#(name)","storageAccountName":"eaststorage"}}"#,
        to: "new.json")
      try FileManager.default.moveItem(
        atPath: folder["new.json"], toPath: folder["account/account/assets/\(name).json"])
    }
    try put("a")
    #expect(try names() == ["a"])
    try put("b")
    #expect(try names() == ["a", "b"])
    // Long enough ago that the order is kept.
    let account = try FolderAccount.open(served.account, now: { 0 })
    let isKept = waitUntil { (try? account.mark(of: .asset)) != .unknown }
    #expect(isKept)
    #expect(try names() == ["a", "b"])
    try put("c")
    #expect(try served.status("GET", list).contains("$skiptoken"), "another page")
    try FileManager.default.removeItem(atPath: folder["account/account/assets/a.json"])
    #expect(try names() == ["b", "c"])
  }
}
