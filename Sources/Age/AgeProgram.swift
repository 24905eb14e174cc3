import Programs

/// The `age` program: knows the recipients and identities of SSH keys and of its plugins.
enum AgeProgram {
  /// Encrypts to recipients of any kind.
  static func encrypt(
    _ plaintext: [UInt8], to recipients: [Recipient], armored: Bool
  ) throws(AgeError) -> [UInt8] {
    let outcome = try run(
      ["age", "--encrypt"] + (armored ? ["--armor"] : []) + recipients.flatMap { ["-r", $0.text] },
      input: plaintext)
    guard outcome.status == 0 else {
      throw AgeError(.program, "the age program could not encrypt: \(said(outcome))")
    }
    // Whatever it says of itself: what it made must be an age file for all of them.
    let file = Armor.isArmored(outcome.output) ? try Armor.decode(outcome.output) : outcome.output
    guard try Header.read(file).0.stanzas.count >= recipients.count else {
      throw AgeError(.program, "the age program made a file for fewer recipients than it was told")
    }
    return outcome.output
  }

  /// Decrypts a file with the identities of an identity file, which is passed through a pipe.
  static func decrypt(_ file: [UInt8], with identityFile: [UInt8]) throws(AgeError) -> [UInt8] {
    let outcome = try run(["age", "--decrypt", "-i", "/dev/fd/3"], input: file, descriptors: [identityFile])
    guard outcome.status == 0 else {
      var part = outcome.output
      wipe(&part)
      throw outcome.errors.contains("no identity matched")
        ? AgeError(.noMatch, "no identity opens the age file")
        : AgeError(.program, "the age program could not decrypt: \(said(outcome))")
    }
    return outcome.output
  }

  private static func run(
    _ arguments: [String], input: [UInt8], descriptors: [[UInt8]] = []
  ) throws(AgeError) -> ChildProgram.Outcome {
    do { return try ChildProgram.run(arguments, input: input, descriptors: descriptors) } catch {
      throw AgeError(.program, error.message, hint: error.hint)
    }
  }

  /// The program's own words, without its request to report what it did not expect.
  private static func said(_ outcome: ChildProgram.Outcome) -> String {
    let lines = outcome.errors.split(separator: "\n").filter { !$0.contains("report unexpected") }
    return lines.isEmpty ? "exit code \(outcome.status)" : lines.joined(separator: "; ")
  }
}
