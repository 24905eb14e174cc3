/// A hook of git's that Lockstep puts into a repository; the raw value is the file's name.
package enum RegionHook: String, CaseIterable, Sendable {
  /// Judges a push before any ref moves.
  case preReceive = "pre-receive"
  /// Does what follows a push.
  case postReceive = "post-receive"
  /// Formats and seals what is to be committed.
  case preCommit = "pre-commit"

  /// What is added to the name of a hook that stood there before.
  package static let before = ".before-lockstep"

  /// The hook's text: what `hooks/` at the top of the project holds, byte for byte.
  ///
  /// It stands here because the program is installed without its sources; a test compares the two.
  package var text: String {
    switch self {
    case .preReceive:
      #"""
      #!/bin/sh
      # Judges a push before any ref moves. Put here by: lockstep hooks install
      #
      # A hook that stood here before is kept as pre-receive.before-lockstep: it runs first, and its refusal counts.
      input=$(cat && echo .)
      if [ -x "$0.before-lockstep" ]; then
        printf '%s' "${input%.}" | "$0.before-lockstep" "$@" || exit
      fi
      lockstep=$(git config --type=path lockstep.program)
      [ -x "$lockstep" ] || lockstep=$(command -v lockstep) || {
        echo "error: lockstep is neither on the PATH nor where it was when it put this hook here" >&2
        echo "hint: install lockstep, then: lockstep hooks install" >&2
        exit 1
      }
      printf '%s' "${input%.}" | "$lockstep" hook pre-receive "$PPID"

      """#
    case .postReceive:
      #"""
      #!/bin/sh
      # Does what follows a push. Put here by: lockstep hooks install
      #
      # A hook that stood here before is kept as post-receive.before-lockstep: it runs first, and its failure counts.
      input=$(cat && echo .)
      status=0
      if [ -x "$0.before-lockstep" ]; then
        printf '%s' "${input%.}" | "$0.before-lockstep" "$@" || status=$?
      fi
      lockstep=$(git config --type=path lockstep.program)
      [ -x "$lockstep" ] || lockstep=$(command -v lockstep) || {
        echo "error: lockstep is neither on the PATH nor where it was when it put this hook here" >&2
        echo "hint: install lockstep, then: lockstep hooks install" >&2
        exit 1
      }
      printf '%s' "${input%.}" | "$lockstep" hook post-receive || status=$?
      exit "$status"

      """#
    case .preCommit:
      #"""
      #!/bin/sh
      # Writes the documents of a commit canonically and seals their secrets, before git makes the commit. Put here by:
      # lockstep hooks install
      #
      # A hook that stood here before is kept as pre-commit.before-lockstep: it runs first, and its refusal counts.
      if [ -x "$0.before-lockstep" ]; then
        "$0.before-lockstep" "$@" || exit
      fi
      lockstep=$(git config --type=path lockstep.program)
      [ -x "$lockstep" ] || lockstep=$(command -v lockstep) || {
        echo "error: lockstep is neither on the PATH nor where it was when it put this hook here" >&2
        echo "hint: install lockstep, then: lockstep hooks install" >&2
        exit 1
      }
      exec "$lockstep" fmt --index

      """#
    }
  }
}
