#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Feeds a program and hears it out at the same time, so that neither waits for the other.
struct PipeLoop {
  private struct Source {
    var pipe: Pipe
    var bytes: [UInt8]
    var written = 0
  }

  private struct Sink {
    var pipe: Pipe
    let limit: Int
    var bytes: [UInt8] = []
  }

  private var sources: [Source] = []
  private var sinks: [Sink] = []
  private var held: Pipe?

  /// Adds a pipe that these bytes are written to.
  mutating func addInput(_ bytes: [UInt8], _ pipe: Pipe) { sources.append(Source(pipe: pipe, bytes: bytes)) }

  /// Adds a pipe that nothing is written to, and which stays open.
  mutating func hold(_ pipe: Pipe) { held = pipe }

  /// Adds a pipe that is read to its end, of which so many bytes are kept.
  mutating func addOutput(_ pipe: Pipe, limit: Int = .max) { sinks.append(Sink(pipe: pipe, limit: limit)) }

  /// The program's ends, inputs before outputs.
  var inherited: (inputs: [Int32], outputs: [Int32]) {
    (sources.map(\.pipe.theirs) + (held.map { [$0.theirs] } ?? []), sinks.map(\.pipe.theirs))
  }

  /// Closes the program's ends here, once it has them.
  mutating func closeTheirs() {
    for index in sources.indices { sources[index].pipe.closeTheirs() }
    for index in sinks.indices { sinks[index].pipe.closeTheirs() }
    held?.closeTheirs()
  }

  /// Closes everything.
  mutating func closeAll() {
    for index in sources.indices { sources[index].pipe.closeBoth() }
    for index in sinks.indices { sinks[index].pipe.closeBoth() }
    held?.closeBoth()
  }

  /// How often somebody is asked whether to go on, in milliseconds.
  private static let askingInterval: Int32 = 50

  /// Runs until all is written (or nobody reads it any more) and all is read.
  /// - Parameters:
  ///   - stopping: asked now and then; the loop ends early when it says so.
  ///   - releasing: asked now and then whether the pipe that is held is closed.
  ///   - hearing: told what an output says, by its number, as it says it.
  /// - Returns: what each output held, in their order.
  mutating func run(
    stopping: (() -> Bool)? = nil, releasing: (() -> Bool)? = nil,
    hearing: ((_ output: Int, ArraySlice<UInt8>) -> Void)? = nil
  ) -> [[UInt8]] {
    QuietWrite.guarding {
      var buffer = [UInt8](repeating: 0, count: 64 * 1024)
      while true {
        let waiting =
          sources.map { pollfd(fd: $0.pipe.ours, events: Int16(POLLOUT), revents: 0) }
          + sinks.map { pollfd(fd: $0.pipe.ours, events: Int16(POLLIN), revents: 0) }
        guard waiting.contains(where: { $0.fd >= 0 }), stopping?() != true else { break }
        if releasing?() == true { held?.closeOurs() }
        var ready = waiting
        guard poll(&ready, nfds_t(ready.count), stopping == nil ? -1 : Self.askingInterval) >= 0 else {
          if errno == EINTR { continue }
          break
        }
        for index in sources.indices where ready[index].revents != 0 { feed(index) }
        for index in sinks.indices where ready[sources.count + index].revents != 0 {
          let count = drain(index, &buffer)
          if count > 0 { hearing?(index, buffer[..<count]) }
        }
      }
      closeAll()
    }
    return sinks.map(\.bytes)
  }

  private mutating func feed(_ index: Int) {
    let rest = sources[index].bytes.count - sources[index].written
    var count = 0
    if rest > 0 {
      let descriptor = sources[index].pipe.ours
      let start = sources[index].written
      count = sources[index].bytes.withUnsafeBytes { bytes in
        write(descriptor, bytes.baseAddress?.advanced(by: start), rest)
      }
    }
    if count < 0, errno == EINTR || errno == EAGAIN { return }
    sources[index].written += max(count, 0)
    // A program that stops reading has what it needs, or says at its end what it lacks.
    if count < 0 || sources[index].written == sources[index].bytes.count {
      sources[index].pipe.closeOurs()
      // It may have been a secret.
      for place in sources[index].bytes.indices { sources[index].bytes[place] = 0 }
    }
  }

  /// Reads what an output says now, and returns how many bytes those are.
  private mutating func drain(_ index: Int, _ buffer: inout [UInt8]) -> Int {
    let descriptor = sinks[index].pipe.ours
    let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
    if count < 0, errno == EINTR || errno == EAGAIN { return 0 }
    guard count > 0 else {
      sinks[index].pipe.closeOurs()
      return 0
    }
    if sinks[index].bytes.count < sinks[index].limit { sinks[index].bytes += buffer[..<count] }
    return count
  }
}
