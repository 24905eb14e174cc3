/// The first resources of a list beyond a place, in order, from a walk over all of them.
///
/// Holds one page and no more, however many there are; each that comes costs a look at the page's end.
struct Page<Value> {
  private let size: Int
  private let options: ListOptions
  /// In order; one more than the page, which tells that another page follows.
  private(set) var items: [(key: ListOptions.Key, value: Value)] = []

  init(size: Int, _ options: ListOptions) {
    self.size = size
    self.options = options
  }

  private func isBefore(_ a: ListOptions.Key, _ b: ListOptions.Key) -> Bool {
    options.isDescending ? b.precedes(a) : a.precedes(b)
  }

  /// Whether the page is complete, and it is known that another one follows: what comes later in order changes nothing.
  var isFull: Bool { items.count > size }

  /// Whether a resource with a key would stand on the page as it is now.
  func takes(_ key: ListOptions.Key) -> Bool {
    if let after = options.after, !isBefore(after, key) { return false }
    guard items.count > size, let last = items.last else { return true }
    return isBefore(key, last.key)
  }

  /// Puts a resource in its place on the page.
  mutating func insert(_ value: Value, _ key: ListOptions.Key) {
    var (low, high) = (0, items.count)
    while low < high {
      let middle = (low + high) / 2
      if isBefore(items[middle].key, key) { low = middle + 1 } else { high = middle }
    }
    items.insert((key, value), at: low)
    if items.count > size + 1 { items.removeLast() }
  }

  /// The page, and whether another one follows.
  var finished: (items: ArraySlice<(key: ListOptions.Key, value: Value)>, hasMore: Bool) {
    (items.prefix(size), items.count > size)
  }
}
