#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The runtime socket of one HAProxy (`stats socket … level admin`).
///
/// A connection takes one command, answers and closes; each call waits no longer than a few seconds.
struct HAProxySocket: Sendable, Equatable, CustomStringConvertible {
  /// The path of a UNIX socket, or HOST:PORT.
  let text: String
  /// The region whose configuration names it, as commands take it.
  let option: String

  private static let patienceSeconds = 5

  var description: String { text }

  /// Asks one command.
  /// - Returns: the answer without the empty lines at its end.
  /// - Throws: `TrafficError` (`.unreachable`).
  func ask(_ command: String) throws(TrafficError) -> String {
    let descriptor = try open()
    defer { close(descriptor) }
    let request = Array("\(command)\n".utf8)
    var sent = 0
    while sent < request.count {
      let count = request[sent...].withUnsafeBytes {
        send(descriptor, $0.baseAddress, $0.count, Self.sendFlags)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failure("cannot be written to", errno) }
      sent += count
    }
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16 * 1024)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure("does not answer", errno) }
      if count == 0 { break }
      answer += buffer[..<count]
    }
    while answer.last == UInt8(ascii: "\n") { answer.removeLast() }
    return String(decoding: answer, as: UTF8.self)
  }

  #if canImport(Glibc)
    private static let sendFlags = Int32(MSG_NOSIGNAL)
    private static let stream = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
  #else
    private static let sendFlags: Int32 = 0
    private static let stream = SOCK_STREAM
  #endif

  private func failure(_ what: String, _ code: Int32) -> TrafficError {
    TrafficError(
      .unreachable, "the runtime socket of HAProxy \(text) \(what): \(String(cString: strerror(code)))",
      hint:
        "is HAProxy running there, with 'stats socket \(text) level admin'? see: git \(option) config --get-all"
        + " \(TrafficSettings.haproxySocket)")
  }

  private func open() throws(TrafficError) -> Int32 {
    if text.hasPrefix("/") { return try openPath() }
    guard let colon = text.lastIndex(of: ":") else {
      throw TrafficError(
        .badConfiguration,
        "\(TrafficSettings.haproxySocket) is '\(text)'; the path of a socket or HOST:PORT is wanted")
    }
    return try openHost(String(text[..<colon]), port: String(text[text.index(after: colon)...]))
  }

  private func openPath() throws(TrafficError) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(text.utf8)
    let fits = withUnsafeMutableBytes(of: &address.sun_path) { space in
      guard bytes.count < space.count else { return false }
      space.copyBytes(from: bytes)
      return true
    }
    guard fits else { throw TrafficError(.badConfiguration, "\(text) is too long for the path of a socket") }
    let status = withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connected(AF_UNIX, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    switch status {
    case .success(let descriptor): return descriptor
    case .failure(let error): throw failure("cannot be opened", error.code)
    }
  }

  private func openHost(_ host: String, port: String) throws(TrafficError) -> Int32 {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Self.stream & 0xf
    var list: UnsafeMutablePointer<addrinfo>?
    let plain = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    guard getaddrinfo(plain, port, &hints, &list) == 0, let first = list else {
      throw TrafficError(.unreachable, "nobody knows the host of HAProxy's runtime socket \(text)")
    }
    defer { freeaddrinfo(list) }
    var next: UnsafeMutablePointer<addrinfo>? = first
    var code = ECONNREFUSED
    while let info = next?.pointee {
      switch connected(info.ai_family, info.ai_addr, info.ai_addrlen) {
      case .success(let descriptor): return descriptor
      case .failure(let error): code = error.code
      }
      next = info.ai_next
    }
    throw failure("cannot be opened", code)
  }

  private struct SystemError: Error { let code: Int32 }

  private func connected(
    _ family: Int32, _ address: UnsafePointer<sockaddr>?, _ size: socklen_t
  ) -> Result<Int32, SystemError> {
    let descriptor = socket(family, Self.stream, 0)
    guard descriptor >= 0 else { return .failure(SystemError(code: errno)) }
    var patience = timeval(tv_sec: Self.patienceSeconds, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(descriptor, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
    }
    guard connect(descriptor, address, size) == 0 else {
      let code = errno
      close(descriptor)
      return .failure(SystemError(code: code))
    }
    return .success(descriptor)
  }
}
