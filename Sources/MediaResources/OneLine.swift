extension String {
  /// The text in one line: what stood in several is told apart by semicolons.
  package var inOneLine: String {
    split(whereSeparator: \.isNewline).map { $0.hasSuffix(".") || $0.hasSuffix(";") ? $0.dropLast() : $0 }
      .joined(separator: "; ")
  }
}
