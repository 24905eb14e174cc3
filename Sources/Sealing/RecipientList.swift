package import Age

/// `sealing/recipients.txt`: who may open the secrets, vouched for by who holds the data key.
///
///     # Who may open the secrets of this fleet, one age recipient a line.
///     # Change it with: lockstep keys recipients --add RECIPIENT | --remove RECIPIENT
///     # Anna
///     age1…
///     # serial 3
///     # mac <fingerprint of the current data key> <base64url>
///
/// `age --recipients-file` reads it, too. The code in the last line is HMAC-SHA256 over every byte before that line
/// under a key derived from the data key: who can push but not open can change the file, but not so that anybody
/// believes it. The serial number rises with each list, so that no older one comes back.
package struct RecipientList: Sendable, Equatable {
  /// One of them.
  package struct Entry: Sendable, Equatable {
    /// The recipient.
    package let recipient: Recipient
    /// Who that is, in a word or two; may be empty.
    package let label: String

    package init(_ recipient: Recipient, label: String) {
      self.recipient = recipient
      // It is shown in the question by which a person decides: nothing in it may change how the line looks.
      let hidden: [Unicode.GeneralCategory] = [
        .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned,
      ]
      self.label = String(
        label.unicodeScalars.map { hidden.contains($0.properties.generalCategory) ? " " : Character($0) })
    }

    /// The recipient, and who that is.
    package var description: String {
      label.isEmpty ? recipient.text : "\(recipient.text) (\(label))"
    }
  }

  /// The recipients, in the order in which they were added.
  package private(set) var entries: [Entry] = []

  private static let heading = [
    "# Who may open the secrets of this fleet, one age recipient a line.",
    "# Change it with: lockstep keys recipients --add RECIPIENT | --remove RECIPIENT",
  ]

  package init(_ entries: [Entry]) throws(SealingError) {
    for entry in entries { try add(entry) }
  }

  /// The recipients alone.
  package var recipients: [Recipient] { entries.map(\.recipient) }

  /// Adds one.
  /// - Throws: `SealingError` (`.badRecipients`) where it is there already.
  package mutating func add(_ entry: Entry) throws(SealingError) {
    guard !entries.contains(where: { $0.recipient == entry.recipient }) else {
      throw SealingError(.badRecipients, "\(entry.recipient.text) is a recipient already")
    }
    entries.append(entry)
  }

  /// Takes one out, by its text or its label.
  /// - Throws: `SealingError` (`.badRecipients`) where it is not there, or stands alone.
  package mutating func remove(_ name: String) throws(SealingError) -> Entry {
    let found = entries.filter { $0.recipient.text == name || $0.label == name }
    guard found.count == 1, let entry = found.first else {
      throw SealingError(
        .badRecipients,
        found.isEmpty
          ? "there is no such recipient"
          : "\(found.count) recipients are called so", hint: "see them: lockstep keys recipients")
    }
    guard entries.count > 1 else {
      throw SealingError(
        .badRecipients, "\(entry.description) is the only recipient: nobody could open the secrets any more",
        hint: "add another one first: lockstep keys recipients --add RECIPIENT")
    }
    entries.removeAll { $0 == entry }
    return entry
  }

  // MARK: Text

  /// The list's text, vouched for by a data key, which becomes the current one.
  package func text(serial: Int, vouchedBy key: DataKey) -> [UInt8] {
    var lines = Self.heading
    for entry in entries {
      if !entry.label.isEmpty { lines.append("# \(entry.label)") }
      lines.append(entry.recipient.text)
    }
    lines.append("# serial \(serial)")
    let body = Array((lines.joined(separator: "\n") + "\n").utf8)
    let code = RawBase64.encode(key.code(for: body), alphabet: .urlSafe)
    return body + Array("# mac \(key.fingerprint) \(code)\n".utf8)
  }

  /// A list as it stands in a file, which nobody has vouched for yet.
  package struct Claim: Sendable {
    /// What it says.
    package let list: RecipientList
    /// How many lists it says came before.
    package let serial: Int
    /// The data key that it says is the current one.
    package let current: Fingerprint
    let body: [UInt8]
    let code: [UInt8]

    /// Whether who held the key wrote the list.
    package func isAuthentic(under key: DataKey) -> Bool {
      key.fingerprint == current && key.vouches(code, for: body)
    }

    /// Reads a list.
    /// - Throws: `SealingError` (`.badRecipients`) naming the line.
    package init(bytes: [UInt8]) throws(SealingError) {
      var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      guard lines.last?.isEmpty == true, let last = lines.dropLast().last else { throw Self.unfinished }
      let words = last.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
      guard words.count == 4, words[0] == "#", words[1] == "mac", let current = Fingerprint(words[2]),
        let code = RawBase64.decode(words[3], alphabet: .urlSafe)
      else { throw Self.unfinished }
      self.current = current
      self.code = code
      body = Array(bytes[..<last.startIndex])
      lines.removeLast(2)
      let number = lines.popLast().map { String(decoding: $0, as: UTF8.self) } ?? ""
      guard number.hasPrefix("# serial "), let serial = Int(number.dropFirst(9)),
        (1...(1 << 30)).contains(serial)
      else { throw Self.unfinished }
      self.serial = serial
      var entries: [Entry] = []
      var label = ""
      for (index, line) in lines.enumerated() {
        let text = String(decoding: line, as: UTF8.self)
        if text.isEmpty || RecipientList.heading.contains(text) { continue }
        if text.hasPrefix("#") {
          label = String(text.dropFirst().drop { $0 == " " })
          continue
        }
        let recipient: Recipient
        do { recipient = try Recipient(text) } catch {
          throw SealingError(
            .badRecipients, "\(SealingFiles.recipientsPath), line \(index + 1): \(error.message)",
            hint: Self.mend)
        }
        guard !entries.contains(where: { $0.recipient == recipient }) else {
          throw SealingError(
            .badRecipients,
            "\(SealingFiles.recipientsPath), line \(index + 1): \(recipient.text) stands there twice",
            hint: Self.mend)
        }
        entries.append(Entry(recipient, label: label))
        label = ""
      }
      list = try RecipientList(entries)
    }

    private static let mend =
      "bring the list back as it was (git log -- mirrored/\(SealingFiles.recipientsPath)), then change it with:"
      + " lockstep keys recipients"

    private static var unfinished: SealingError {
      SealingError(
        .badRecipients,
        "\(SealingFiles.recipientsPath) does not end in the lines by which who holds the data key vouches for it",
        hint: mend)
    }
  }
}
