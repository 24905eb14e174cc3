import Foundation
import Support
import Testing

/// Storage accounts that a region calls by names of its own.
@Suite struct BindingTests {
  @Test func `a storage account that is no binding is told, and one command makes it one`() throws {
    let regions = try TwoRegions()
    try regions.publish()
    let (east, west) = (regions["east"], regions["west"])
    try regions.folder.write("one", to: "east-account/storage/eastarchive/old/a.mp4")
    try regions.folder.write(
      #"{"name": "old", "properties": {"container": "old", "storageAccountName": "eastarchive"}}"#,
      to: "east-account/account/assets/old.json")
    let capture = try regions.run(["capture", "-C", east])
    #expect(capture.status == 0 && capture.errors.contains("storage account eastarchive is no binding"))
    #expect(capture.errors.contains("lockstep bind storage.SYMBOL=eastarchive -C \(east)"))
    #expect(try !regions.run(["capture", "-C", east]).errors.contains("no binding"))
    let bound = try regions.run(["bind", "storage.archive=eastarchive", "-C", east])
    #expect(bound.status == 0 && bound.errors.contains("1 document got the symbol"), "\(bound.errors)")
    let texts = try Program.git("grep", "-h", "storageAccountName", "HEAD", "--", "mirrored", in: east)
    #expect(
      texts.contains("${storage.archive}") && texts.contains("${storage.main}")
        && !texts.contains("eastarchive"))
    #expect(try regions.run(["plan", "-C", east]).status == 0, "the account itself is as it was")
    try regions.succeed(["mirror", east, west])
    let refused = try regions.run(["apply", "-C", west])
    #expect(
      refused.status == 1 && refused.errors.contains("lockstep bind storage.archive=NAME"),
      "\(refused.errors)")
    try regions.succeed(["bind", "storage.archive=westarchive", "-C", west])
    try regions.succeed(["fleet", "add", "west", west, "-C", east])
    try regions.succeed(["mirror", east, west])
    try regions.succeed(["apply", "-C", west])
    #expect(try regions.folder.read("west-account/storage/westarchive/old/a.mp4") == "one")
    #expect(
      try regions.succeed(["bind", "-C", west]) == "storage.archive=westarchive\nstorage.main=weststorage\n")
    for wrong in ["storage.archive", "=x", "Storage=x", "storage.archive="] {
      #expect(try regions.run(["bind", wrong, "-C", west]).status != 0, "\(wrong)")
    }
  }
}
