import Dispatch
package import Programs
import Synchronization

/// Requests through the program lockstep-http, which is started with the first one and ends with this process.
///
/// HTTP goes through a program of its own, as git's does: the libraries that it takes would double the time in which every
/// command and every hook starts. What may be secret goes through a pipe; a program that was killed is started again.
package final class HTTPProgram: HTTPTransport {
  private let connections: Int
  private let stallSeconds: Double
  private let environment: EnvironmentChanges
  private let find: @Sendable () throws -> String
  private let state = Mutex(State())

  /// - Parameters:
  ///   - connections: how many connections to one host may be open at once.
  ///   - stallSeconds: how long nothing may arrive.
  ///   - environment: how the program's environment, which names proxies, differs from ours.
  ///   - find: where the program is; an `HTTPFailure` that it throws is passed on.
  package init(
    connections: Int, stallSeconds: Double, environment: EnvironmentChanges = EnvironmentChanges(),
    find: @escaping @Sendable () throws -> String
  ) {
    self.connections = connections
    self.stallSeconds = stallSeconds
    self.environment = environment
    self.find = find
  }

  deinit { state.withLock { $0.program?.end() } }

  private typealias Waiter = CheckedContinuation<Result<HTTPResponse, HTTPFailure>, Never>

  private struct State {
    var program: Companion?
    /// Counts the programs that were started.
    var generation = 0
    var next: UInt32 = 0
    /// Who waits for an answer, and of which of the programs.
    var waiting: [UInt32: (generation: Int, waiter: Waiter)] = [:]
  }

  package func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
    let number = state.withLock { state in
      state.next &+= 1
      return state.next
    }
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in begin(number, request, waiter) }
    } onCancel: {
      cancel(number)
    }
    return try outcome.get()
  }

  private func begin(_ number: UInt32, _ request: HTTPRequest, _ waiter: Waiter) {
    guard let frame = HTTPOrder.send(number, request).frame.bytes() else {
      return waiter.resume(returning: .failure(HTTPFailure(.notSent, "the request is too long")))
    }
    let failure = state.withLock { state -> HTTPFailure? in
      do throws(HTTPFailure) {
        // One that has just ended gives the next its chance.
        for isLast in [false, true] {
          let program = try running(&state)
          state.waiting[number] = (state.generation, waiter)
          if program.send(frame) { return nil }
          state.waiting[number] = nil
          if isLast { throw HTTPFailure(.notSent, "the program lockstep-http has ended") }
          state.program = nil
        }
        return nil
      } catch {
        return error
      }
    }
    if let failure { return waiter.resume(returning: .failure(failure)) }
    if Task.isCancelled { cancel(number) }
  }

  /// The program that runs, or a new one.
  private func running(_ state: inout State) throws(HTTPFailure) -> Companion {
    if let program = state.program { return program }
    let program: Companion
    do { program = try Companion([find()], environment: environment) } catch let error as HTTPFailure {
      throw error
    } catch {
      let problem = error as? ProgramError
      throw HTTPFailure(.noProgram, problem?.message ?? "\(error)", hint: problem?.hint)
    }
    guard
      let open = HTTPOrder.open(connections: connections, stallSeconds: stallSeconds).frame.bytes(),
      program.send(open)
    else { throw HTTPFailure(.noProgram, "the program lockstep-http ended as soon as it was started") }
    state.program = program
    state.generation += 1
    let generation = state.generation
    DispatchQueue(label: "lockstep-http").async { [weak self] in
      while let frame = HTTPFrame(reading: program.receive), let reply = HTTPReply(frame) {
        guard let self else { return }
        let waiting = self.state.withLock { $0.waiting.removeValue(forKey: reply.number) }
        waiting?.waiter.resume(returning: reply.outcome)
      }
      program.end()
      self?.ended(generation)
    }
    return program
  }

  /// Tells all who wait that the program has ended.
  private func ended(_ generation: Int) {
    let waiters = state.withLock { state -> [Waiter] in
      if state.generation == generation { state.program = nil }
      let theirs = state.waiting.filter { $0.value.generation == generation }
      for number in theirs.keys { state.waiting[number] = nil }
      return theirs.values.map(\.waiter)
    }
    for waiter in waiters {
      waiter.resume(returning: .failure(HTTPFailure(.lost, "the program lockstep-http has ended")))
    }
  }

  private func cancel(_ number: UInt32) {
    let waiter = state.withLock { state -> Waiter? in
      guard let (_, waiter) = state.waiting.removeValue(forKey: number) else { return nil }
      if let frame = HTTPOrder.cancel(number).frame.bytes() { _ = state.program?.send(frame) }
      return waiter
    }
    waiter?.resume(returning: .failure(HTTPFailure(.lost, "nobody waits for it any more")))
  }
}
