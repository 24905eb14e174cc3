import ArgumentParser
import CanonicalJSON
import Git
import History
import LiveAccount
import MediaResources
import RegionRepository
import Replay

/// `lockstep audit`: proofs over histories.
struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Prove that histories are what they say.", subcommands: [Verify.self])

  /// `lockstep audit verify A B`.
  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "Derive every replayed commit of two regions again (exit 2: something is not as it should be).",
      discussion: """
        Every commit of B that replays one of A, or of a third region, is made again from its original and compared by \
        id, and the other way round: one other author, date, byte or tree is found and named, and so is a commit that \
        was not replayed, or was replayed twice. Signed tags of mirrored tips (mirror --sign) are verified by git. \
        Commits that a region made itself are counted; --json lists them.
        """)

    @Argument(help: "A region repository, or a clone of one.")
    var a: String

    @Argument(help: "Another one.")
    var b: String

    @OptionGroup var output: OutputOptions

    func run() async throws {
      let regions = try [a, b].map { try RegionRepository.openOrClone(at: $0) }
      let report = try AuditVerification(regions[0], regions[1]) { try Interruption.cancellation.check() }
        .run()
      if output.json {
        Terminal.print(document(report))
      } else {
        Terminal.print(lines: report.findings.map { Printable.text($0.message) })
        tell(report)
      }
      if !report.findings.isEmpty { throw ExitCode(ExitStatus.differences) }
    }

    private func tell(_ report: AuditReport) {
      var checked: [String] = []
      if report.imagesChecked > 0 || report.tagsChecked == 0 {
        checked.append(
          "derived \(Count.text(report.imagesChecked, "replayed commit")) again from their originals")
      }
      if report.tagsChecked > 0 {
        checked.append("had git verify \(Count.text(report.tagsChecked, "signed tag"))")
      }
      let outcome =
        report.findings.isEmpty
        ? "all is what it says it is" : Count.text(report.findings.count, "finding")
      Terminal.say("\(checked.joined(separator: ", and ")): \(outcome)")
      if report.findings.count > 1 {
        Terminal.say("hint: look at the first one: what stands upon a changed commit is another commit, too")
      }
      for (region, commits) in report.own {
        Terminal.say(
          "region \(region) made \(Count.text(commits.count, "commit")) itself, which nothing can be compared with"
        )
      }
    }

    private func document(_ report: AuditReport) -> JSONValue {
      [
        "findings": .array(
          report.findings.map {
            [
              "commit": $0.commit.map { .string($0.hex) } ?? .null, "kind": .string($0.kind.rawValue),
              "message": .string($0.message), "region": .string($0.region.text),
            ]
          }), "imagesChecked": .number(.int64(Int64(report.imagesChecked))),
        "own": .object(
          JSONObject(report.own.map { ($0.region.text, .array($0.commits.map { .string($0.hex) })) })),
        "tagsChecked": .number(.int64(Int64(report.tagsChecked))), "version": 1,
      ]
    }
  }
}
