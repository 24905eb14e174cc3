import HTTP
import Programs

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// `lockstep-http`: carries requests for lockstep, which runs it, as git runs git-remote-https.
@main
enum LockstepHTTP {
  /// The exit code of a program that was used wrongly (sysexits.h).
  private static let usage: Int32 = 64

  static func main() {
    guard CommandLine.arguments.count == 1, isatty(0) == 0 else {
      print("lockstep runs this program when it speaks to a server; there is nothing to run by hand")
      exit(CommandLine.arguments.contains("--help") ? 0 : usage)
    }
    // Nobody reads any more: whoever started this is gone.
    signal(SIGPIPE, SIG_DFL)
    let read = { Companion.receive($0, from: 0) }
    guard let first = HTTPFrame(reading: read), case .open(let connections, let stall)? = HTTPOrder(first)
    else { exit(usage) }
    let carrier = Carrier(
      connections: connections, stallSeconds: stall,
      environment: { name in getenv(name).map { String(cString: $0) } }, answer: Answers.write)
    while let frame = HTTPFrame(reading: read), let order = HTTPOrder(frame) {
      switch order {
      case .open: break
      case .send(let number, let request): carrier.send(number, request)
      case .cancel(let number): carrier.cancel(number)
      }
    }
    // Nobody waits for what is under way.
    exit(0)
  }
}
