/// A table with a caption, a head and row heads; on a narrow page each row becomes a list, and stays a table for readers
/// that are read to.
struct Table {
  /// A column.
  struct Column {
    /// How the column's cells are set.
    enum Kind {
      /// A name or a few words.
      case short
      /// What needs room.
      case long
      case number
    }

    let title: String
    let kind: Kind

    init(_ title: String, _ kind: Kind = .short) {
      self.title = title
      self.kind = kind
    }
  }

  private let caption: String
  private let columns: [Column]
  private let rows: [[Markup]]

  /// - Parameter rows: a cell a column; the first one is the row's head.
  init(_ caption: String, _ columns: [Column], _ rows: [[Markup]]) {
    self.caption = caption
    self.columns = columns
    self.rows = rows
  }

  var markup: Markup {
    let head = columns.map { column -> Markup in
      "<th scope=\"col\" role=\"columnheader\"\(Self.style(column))>\(column.title)</th>"
    }
    let body = rows.map { row -> Markup in
      let cells = zip(columns, row).enumerated().map { index, cell -> Markup in
        let (column, content) = cell
        return index == 0
          ? "<th scope=\"row\" role=\"rowheader\"\(Self.style(column))>\(content)</th>"
          : """
          <td role="cell" data-label="\(column.title)"\(Self.style(column))><div>\(content)</div></td>
          """
      }
      return "<tr role=\"row\">\(Markup(joining: cells))</tr>"
    }
    return """
      <table role="table">
      <caption>\(caption)</caption>
      <thead role="rowgroup"><tr role="row">\(Markup(joining: head))</tr></thead>
      <tbody role="rowgroup">
      \(lines: body)
      </tbody>
      </table>
      """
  }

  private static func style(_ column: Column) -> Markup {
    switch column.kind {
    case .short: ""
    case .long: " class=\"long\""
    case .number: " class=\"number\""
    }
  }
}
