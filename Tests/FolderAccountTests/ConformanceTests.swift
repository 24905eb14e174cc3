import AccountConformance
import FolderAccount
import Support
import Testing

/// A folder account is a live account like every other.
@Suite struct ConformanceTests {
  @Test func `a folder account does what every account must`() async throws {
    let folder = try TemporaryFolder()
    let account = try FolderAccount.create(folder["account"], now: { 0 })
    try await AccountConformance(account, storageAccount: "main").run()
  }
}
