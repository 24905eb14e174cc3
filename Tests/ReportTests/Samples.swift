import Report

/// Reports as fleets bring them about.
enum Samples {
  static let day: Int64 = 86_400
  /// 2026-11-27 08:00 UTC.
  static let morning: Int64 = 1_795_766_400

  static let checks: [FleetReport.Check] = [
    .init("fleet", .ready, "west is a standby of east with epoch 3"),
    .init("lag", .ready, "0 commits, 0 s behind east"),
    .init("identity", .ready, "every locator, policy and key is that of east, proved by tree ids"),
    .init("content", .ready, "412 files, 93127700112 bytes, by their sizes"),
    .init("origin", .skipped, "the fleet does not say where west serves it", hint: "lockstep fleet set west"),
  ]

  static func lag(_ commits: Int) -> [FleetReport.Check] {
    checks.map {
      $0.name == "lag" ? .init("lag", .notReady, "\(commits) commits, 40 s behind east") : $0
    }
  }

  /// East and west in step, after a month with a failover and the way home.
  static func calm() -> FleetReport {
    var report = FleetReport(
      madeAt: morning, askedRegion: "east", changes: ChangeTally(since: morning - 30 * day, limit: 20))
    report.primary = "east"
    report.epoch = 3
    report.regions = ["east", "west"].map { name in
      var region = FleetReport.Region(name)
      region.role = name == "east" ? "primary" : "standby"
      region.repository = "/srv/\(name)"
      region.head = "3f2a1b9c00"
      (region.behind, region.applied, region.drift) = ("everything", "everything", "none")
      region.readiness = .told(
        checks, name == "east" ? nil : .init(primary: "east", commits: [], uncaptured: [], silence: nil))
      return region
    }
    report.roles = [
      .init(
        epoch: 3, primary: "east", since: morning - 9 * day, until: nil, by: "Anna Berg", cause: "switchover",
        reason: "home again"),
      .init(
        epoch: 2, primary: "west", since: morning - 12 * day, until: morning - 9 * day, by: "Ben Okafor",
        cause: "failover", reason: "the cooling of the east hall failed"),
      .init(
        epoch: 1, primary: "east", since: morning - 200 * day, until: morning - 12 * day, by: "Tess Ter",
        cause: nil, reason: nil),
    ]
    report.drills = [
      .init(
        region: "west", at: morning - 4 * 3600, by: "cron", against: "east", locators: 20, failed: 0,
        milliseconds: 3_214),
      .init(
        region: "west", at: morning - 8 * day, by: "cron", against: nil, locators: 20, failed: 2,
        milliseconds: 71_000),
    ]
    report.moves = [
      .init(
        cause: "switchover", from: "west", to: "east", at: morning - 9 * day, by: "Anna Berg", lost: 0,
        steps:
          "drain 12 ms, capture 310 ms, mirror 44 ms, apply 200 ms, verify 90 ms, traffic 30 ms, epoch 20 ms, reverse 60 ms",
        milliseconds: 766),
      .init(
        cause: "failover", from: "east", to: "west", at: morning - 12 * day, by: "Ben Okafor", lost: 1,
        steps: "apply 31 ms, epoch 12 ms, traffic 1480 ms", milliseconds: 1_523),
    ]
    let people = [("Anna Berg", "anna@example.com"), ("Ben Okafor", "ben@example.com")]
    for index in 0..<60 {
      let age = Int64(index) * day / 2
      let isWest = (9 * day..<12 * day).contains(age)
      var change = ChangeTally.Change(
        commit: "5d1b5c62b\(index % 10)", at: morning - age, author: people[index % 2].0,
        email: people[index % 2].1, subject: "Cap phones at \(500 + index) kbit/s",
        region: isWest ? "west" : "east", count: 1 + index % 3)
      change.resources = ["changed account-filter/phones"]
      change.places = ["applied in east, west"]
      for _ in 0...(index * 7 % 5) { report.changes.add(change) }
    }
    report.changes.add(
      ChangeTally.Settlement(
        resource: "account-filter/tv", commit: "591579ab01", at: morning - 10 * day, by: "Anna Berg",
        sides: "as in west’s 5d1b5c62b1, not as in east’s 8528fa5ed1"))
    return report
  }

  /// A report in which every text is one and the same, and nothing is empty.
  static func filled(with text: String) -> FleetReport {
    var report = FleetReport(
      madeAt: morning, askedRegion: text, changes: ChangeTally(since: morning - 30 * day, limit: 5))
    report.primary = "east"
    report.epoch = 3
    report.regions = ["east", text].map { name in
      var region = FleetReport.Region(name)
      (region.role, region.repository, region.head) = (text, text, text)
      (region.behind, region.applied, region.drift) = (text, text, text)
      region.readiness = .told(
        [.init(text, .notReady, text, hint: text), .init(text, .ready, text), .init(text, .skipped, text)],
        .init(primary: "east", commits: [text], uncaptured: [text], silence: text))
      return region
    }
    var unknown = FleetReport.Region("north")
    unknown.readiness = .unknown(text)
    report.regions.append(unknown)
    report.roles = [
      .init(
        epoch: 3, primary: text, since: morning - day, until: morning, by: text, cause: text, reason: text)
    ]
    report.drills = [
      .init(
        region: text, at: morning, by: text, against: text, locators: 3, failed: 1, milliseconds: 5)
    ]
    report.moves = [
      .init(cause: text, from: text, to: text, at: morning, by: text, lost: 1, steps: text, milliseconds: 9)
    ]
    report.conflicts = [
      .init(resource: text, reason: text, sides: [(text, text), (text, text)], hint: text)
    ]
    report.problems = [text]
    report.unknown = [text]
    var change = ChangeTally.Change(
      commit: text, at: morning - day, author: text, email: text, subject: text, region: text, count: 9)
    change.resources = [text]
    change.places = [text]
    report.changes.add(change)
    report.changes.add(
      ChangeTally.Settlement(resource: text, commit: text, at: morning, by: text, sides: text))
    return report
  }

  /// What people and machines may be named by those who mean harm, or do not care.
  static let hostile = [
    "<script>window.hacked = 1</script>", "\"><img src=x onerror=\"window.hacked = 1\">",
    "' onmouseover='window.hacked = 1' x='", "</title></style></svg><script>window.hacked = 1</script><!--",
    "&lt;script&gt; & &amp; &#60;", "\u{202E}gpj.exe\u{2066}",
    "a\u{0}b\u{1B}[31m\r\n\tc\u{7F}\u{85}\u{2028}d",
    String(repeating: "<x>", count: 3_500), "x" + String(repeating: "\u{301}", count: 10_240),
    String(repeating: "名前", count: 5_000), "\u{FEFF}\u{FFFE}\u{FFFF}\u{10FFFF}",
    "-->]]>{{constructor}}`${x}`javascript:alert(1)",
  ]
}
