import Support

/// Somebody at a terminal who types one line when asked.
enum Person {
  static let isThere = Program.has("python3")

  /// Runs in a terminal of its own, reads until it is asked, types a line, and tells the exit code after all that was said.
  private static let script = """
    import os, pty, sys
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(sys.argv[3], sys.argv[3:])
    said, typed = b"", False
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:
            break
        if not part:
            break
        said += part
        if not typed and sys.argv[2].encode() in said:
            os.write(terminal, sys.argv[1].encode() + b"\\n")
            typed = True
    sys.stdout.buffer.write(said)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """

  /// Runs `lockstep` and types a line once it has said something.
  static func type(
    _ answer: String, after question: String, _ arguments: [String], in folder: String
  ) throws -> Program.Outcome {
    try Program.run(
      "python3", ["-c", script, answer, question, Program.lockstep] + arguments, in: folder)
  }
}
