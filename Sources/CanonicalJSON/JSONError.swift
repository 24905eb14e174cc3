/// Why a text is not the JSON that Lockstep reads, and where.
package struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The line, from 1.
  package let line: Int
  /// The column in bytes, from 1: the place where an editor's `goto` finds it in ASCII text.
  package let column: Int
  /// What is wrong there.
  package let message: String

  package init(line: Int, column: Int, message: String) {
    self.line = line
    self.column = column
    self.message = message
  }

  /// `LINE:COLUMN: message`.
  package var description: String { "\(line):\(column): \(message)" }
}
