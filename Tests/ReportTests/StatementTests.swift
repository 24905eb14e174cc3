import Report
import Testing

/// The sentence at the top is true.
@Suite struct StatementTests {
  private func sentence(
    checks: [FleetReport.Check] = Samples.checks, loss: FleetReport.Loss?,
    _ change: (inout FleetReport) -> Void = { _ in }
  ) -> Statement {
    var report = Samples.calm()
    report.regions[1].readiness = .told(checks, loss)
    change(&report)
    return Statement(of: report)
  }

  @Test func `a standby that has everything can take over, and nothing is lost`() {
    let statement = Statement(of: Samples.calm())
    #expect(statement.sentence == "west can take over: if east dies now, you lose nothing.")
    #expect(statement.tone == .ready)
    #expect(statement.notes == ["Not checked: origin, as nothing says how."])
  }

  @Test func `commits that are missing are counted, and so is what nobody has captured`() {
    let late = sentence(
      checks: Samples.lag(2), loss: .init(primary: "east", commits: ["a", "b"], uncaptured: [], silence: nil))
    #expect(late.sentence == "west can take over, but if east dies now you lose 2 commits.")
    #expect(late.tone == .losing)
    let both = sentence(
      checks: Samples.lag(1), loss: .init(primary: "east", commits: ["a"], uncaptured: ["x"], silence: nil))
    #expect(
      both.sentence
        == "west can take over, but if east dies now you lose 1 commit and 1 change that nobody has captured."
    )
  }

  @Test func `what cannot be seen is not said to be nothing`() {
    let unseen = sentence(loss: .init(primary: "east", commits: [], uncaptured: nil, silence: nil))
    #expect(unseen.sentence == "west can take over: if east dies now, no commit is lost.")
    #expect(unseen.tone == .unseen && unseen.notes[0].contains("cannot be seen from here"))
    let silent = sentence(
      loss: .init(primary: "east", commits: [], uncaptured: nil, silence: "no route to host"))
    #expect(
      silent.sentence
        == "west can take over. east does not answer; as far as west has heard, you lose nothing.")
    #expect(silent.tone == .unseen && silent.notes[0].contains("no route to host"))
  }

  @Test func `a region that was superseded has to rejoin, whatever its own checks say`() {
    let statement = sentence(loss: .init(primary: "east", commits: [], uncaptured: [], silence: nil)) {
      $0.regions[1].role = "superseded"
    }
    #expect(statement.tone == .notReady && statement.notes == ["lockstep rejoin west"])
    #expect(statement.sentence.hasPrefix("west cannot take over"))
  }

  @Test func `a standby with anything else against it cannot take over`() {
    var checks = Samples.checks
    checks[3] = .init("content", .notReady, "3 of 412 files are missing", hint: "lockstep apply -C west")
    let statement = sentence(
      checks: checks, loss: .init(primary: "east", commits: [], uncaptured: [], silence: nil))
    #expect(statement.sentence == "west cannot take over as it is: 3 of 412 files are missing.")
    #expect(statement.tone == .notReady && statement.notes[0] == "lockstep apply -C west")
    // Another identity is explained by commits that are missing, and by nothing else.
    checks = Samples.checks
    checks[2] = .init("identity", .notReady, "ids and keys are not those of east")
    let wrong = sentence(
      checks: checks, loss: .init(primary: "east", commits: [], uncaptured: [], silence: nil))
    #expect(wrong.tone == .notReady)
    let late = sentence(
      checks: checks, loss: .init(primary: "east", commits: ["a"], uncaptured: [], silence: nil))
    #expect(late.tone == .losing)
  }

  @Test func `what a standby lacks of a former primary says nothing of the present one`() {
    let statement = sentence(loss: .init(primary: "north", commits: [], uncaptured: [], silence: nil))
    #expect(statement.tone == .notReady)
    #expect(statement.sentence.contains("it has not heard yet that east is primary"))
  }

  @Test func `of several standbys all are named that lose nothing, else the one that loses least`() {
    var report = Samples.calm()
    var north = report.regions[1]
    north.name = "north"
    report.regions.append(north)
    #expect(
      Statement(of: report).sentence == "west and north can take over: if east dies now, you lose nothing.")
    func lose(_ index: Int, _ count: Int) {
      let commits = [String](repeating: "x", count: count)
      report.regions[index].readiness = .told(
        Samples.lag(count), .init(primary: "east", commits: commits, uncaptured: [], silence: nil))
    }
    lose(1, 3)
    #expect(Statement(of: report).sentence == "north can take over: if east dies now, you lose nothing.")
    lose(2, 1)
    #expect(
      Statement(of: report).sentence == "north can take over, but if east dies now you lose 1 commit.")
  }

  @Test func `no fleet, no history, no other region and two primaries are said`() {
    var report = Samples.calm()
    report.regions = [report.regions[0]]
    #expect(Statement(of: report).sentence.contains("the fleet has no other region"))
    report.contestants = ["east", "west"]
    #expect(Statement(of: report).sentence.hasPrefix("east and west were made primary at once"))
    report.primary = nil
    #expect(Statement(of: report).sentence.contains("is in no fleet"))
    report.hasHistory = false
    #expect(Statement(of: report).sentence == "Region east has no commit yet.")
    report = Samples.calm()
    report.regions[1].readiness = .unknown("it is on another machine")
    let unknown = Statement(of: report)
    #expect(unknown.tone == .unknown && unknown.notes == ["it is on another machine"])
  }
}
