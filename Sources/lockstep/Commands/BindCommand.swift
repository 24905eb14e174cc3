import ArgumentParser
import CanonicalJSON
import Git
import MediaResources
import RegionRepository

/// `lockstep bind`: what a region calls by a name of its own.
struct BindCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bind", abstract: "Say what a symbol that all regions share stands for in this one.",
    discussion: """
      A storage account that is called eastarchive here and westarchive there is ${storage.archive} in both regions, bound \
      in each: lockstep bind storage.archive=eastarchive -C east. Documents that hold the name itself get the symbol in \
      the same commit. Without an argument the bindings are listed.
      """)

  @Argument(help: ArgumentHelp("The symbol and its value.", valueName: "SYMBOL=VALUE"))
  var binding: String?

  @OptionGroup var region: RegionOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard let binding else { return }
    guard let equals = binding.firstIndex(of: "="), equals > binding.startIndex else {
      throw ValidationError("'\(binding)' is no SYMBOL=VALUE")
    }
  }

  func run() async throws {
    let repository = try region.open()
    guard let binding, let equals = binding.firstIndex(of: "=") else {
      return list(try repository.document().bindings)
    }
    let lock = try repository.lock(for: "lockstep bind")
    defer { withExtendedLifetime(lock) {} }
    try FenceCheck.pass("the binding", in: repository)
    let symbol = String(binding[..<equals])
    let value = String(binding[binding.index(after: equals)...])
    let old = try repository.document().bindings
    var values = old.values
    values[symbol] = value
    let new = try Bindings(values)
    let pack = try PackWriter(repository: repository.git)
    let document = RegionDocument(name: repository.name, bindings: new).canonicalBytes()
    let blob = try pack.write(.blob, document, replacing: nil)
    let edits = try renamed(from: old, to: new, in: repository, pack: pack)
    let commit = try repository.commit(
      edits, local: ["region.json": (mode: TreeMode.file, id: blob)], on: repository.head(),
      message: "Bind \(symbol) to \(value) in \(repository.name)\n", log: "lockstep bind: \(symbol)",
      pack: pack)
    if output.json { return list(new) }
    guard commit != nil else {
      return Terminal.say("\(symbol) is bound to \(value) in region \(repository.name) already")
    }
    Terminal.say(
      "\(symbol) is bound to \(value) in region \(repository.name)"
        + (edits.isEmpty ? "" : "; \(Count.text(edits.count, "document")) got the symbol"))
    if try repository.fleet().map({ $0.regions.count > 1 }) == true, old.values[symbol] == nil {
      Terminal.say(
        "hint: bind it in every other region, too, before you mirror: lockstep bind \(symbol)=NAME -C REGION")
    }
  }

  private func list(_ bindings: Bindings) {
    let sorted = bindings.values.sorted { $0.key < $1.key }
    guard output.json else { return Terminal.print(lines: sorted.lazy.map { "\($0.key)=\($0.value)" }) }
    Terminal.print([
      "bindings": .object(JSONObject(sorted.map { ($0.key, JSONValue.string($0.value)) })), "version": 1,
    ])
  }

  /// The documents under `mirrored/` that get the new symbol in the place of what it stands for.
  private func renamed(
    from old: Bindings, to new: Bindings, in repository: RegionRepository, pack: PackWriter
  ) throws -> [String: (mode: UInt32, id: ObjectID)?] {
    var edits: [String: (mode: UInt32, id: ObjectID)?] = [:]
    let mirrored = try repository.mirrored(of: repository.head())
    for kind in Bindings.boundKinds where kind.isShared {
      guard let folder = try repository.git.entry(kind.rawValue, in: mirrored), folder.isTree else {
        continue
      }
      try TreeWalk.changes(
        from: nil, to: folder.id, in: repository.git, prefix: kind.rawValue + "/"
      ) { change in
        guard let entry = change.new else { return }
        let bytes = try repository.git.read(entry.id).bytes
        let resource = try MirroredDocument.resource(bytes: bytes, path: change.path)
        // One whose symbol waits for this very binding has it already.
        guard let bound = try? old.bind(resource) else { return }
        // What another symbol stands for already keeps that one.
        let text = new.unbind(bound, live: resource.hasSymbols ? resource : nil)
        let renamed = text.canonicalBytes()
        guard renamed != bytes else { return }
        edits[change.path] = (
          mode: TreeMode.file, id: try pack.write(.blob, renamed, replacing: nil)
        )
      }
    }
    return edits
  }
}

extension Resource {
  /// Whether one of its values is a symbol.
  fileprivate var hasSymbols: Bool { canonicalBytes().contains(UInt8(ascii: "$")) }
}
