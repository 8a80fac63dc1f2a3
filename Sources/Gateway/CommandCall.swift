internal import Core
internal import Glibc
internal import HTTPWire
internal import LinuxSystem
internal import Logging
internal import NIOCore

/// One request answered by a process of its own in a warm instance (mode `exec`). To the exchange it is a connection that
/// speaks HTTP: what is sent to it becomes the command's variables and input, and what the command writes a response.
///
/// It ends with its process, and the process's group with it: whoever closes it early has the group killed.
final class CommandCall: Transport {
    /// What of the request is not in its head.
    struct Request {
        let environment: RequestEnvironment.Context
        let body: BodyFraming
        let isHEAD: Bool
        let callID: String
        let route: FunctionRoute
        let instance: InstanceID
    }

    private let loop: GatewayLoop
    private let service: CommandService
    private let request: Request
    private var events: (any TransportEvents)?
    private var answer: CommandAnswer
    private var body: BodyScanner
    private var process: UInt32?
    private var input: CommandPipe?
    private var output: CommandPipe?
    /// The exchange takes no output until `resumeReading`.
    private var isPaused = false
    private var hasBegun = false
    private var isOutputDone = false
    /// Output came since it was last asked.
    private var hasMoved = false
    private var end: ProcessEnd?
    private var holding: Scheduled<Void>?
    private var grace: Scheduled<Void>?

    init(loop: GatewayLoop, service: CommandService, request: Request, events: any TransportEvents) {
        self.loop = loop
        self.service = service
        self.request = request
        self.events = events
        answer = CommandAnswer(isCGI: service.isCGI, isHEAD: request.isHEAD)
        body = BodyScanner(request.body)
    }

    // MARK: Transport

    /// First the head with the body as far as it is there, then more of the body.
    func send(_ bytes: ByteBuffer) {
        if hasBegun {
            relay(bytes)
            return
        }
        hasBegun = true
        do throws(HeadError) {
            let environment = try RequestEnvironment(bytes.readableBytesSpan, request.environment)
            var rest = bytes
            rest.moveReaderIndex(forwardBy: environment.headLength)
            begin(environment.bytes)
            relay(rest)
        } catch {
            fail(.answered(Refusal(error)))
        }
    }

    /// A command that has closed its input wants no more of it, but may well go on: the rest is dropped.
    var isWritable: Bool { input?.transport?.isWritable ?? true }

    func pauseReading() {
        isPaused = true
        output?.transport?.pauseReading()
    }

    func resumeReading() {
        isPaused = false
        output?.transport?.resumeReading()
    }

    func finish() { input?.transport?.close() }
    func close() { stop() }
    func abort() { stop() }
    func closeGently() {}

    /// The exchange is done with it.
    private func stop() {
        events = nil
        holding?.cancel()
        grace?.cancel()
        if let process, end == nil {
            service.processes.signal(process, SIGKILL)
            log("the command was killed: the time of the call was over, or its client had left")
        }
        input?.abort()
        output?.abort()
        input = nil
        output = nil
    }

    // MARK: Starting

    private func begin(_ environment: [UInt8]) {
        do {
            var start = ProcessStart()
            start.environment = environment
            var reading: OwnedFD?
            var writing: OwnedFD?
            try Pipe.make(reading: &reading, writing: &writing)
            guard let output = reading.take(), let outputEnd = writing.take() else { Self.brokenPromise() }
            guard body.isDone else {
                try Pipe.make(reading: &reading, writing: &writing)
                guard let inputEnd = reading.take(), let input = writing.take() else { Self.brokenPromise() }
                start.input = inputEnd.raw
                start.output = outputEnd.raw
                process = try run(start)
                self.input = pipe(input)
                self.output = pipe(reading: output)
                return
            }
            start.output = outputEnd.raw
            process = try run(start)
            self.output = pipe(reading: output)
        } catch {
            loop.logger.warning("a command was not started", metadata: ["error": "\(error)"])
            fail(.refused)
        }
    }

    private static func brokenPromise() -> Never { preconditionFailure("pipe2 makes two descriptors") }

    private func run(_ start: ProcessStart) throws(InstanceFailure) -> UInt32 {
        let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
        let eventLoop = loop.eventLoop
        return try service.processes.start(start) { end in
            eventLoop.execute { bound.value.ended(end) }
        }
    }

    private func pipe(_ descriptor: consuming OwnedFD) -> CommandPipe {
        CommandPipe(
            descriptor, isInput: true, on: loop.eventLoop,
            onWritable: { [weak self] in self?.events?.writable() },
            onClose: { [weak self] in
                self?.input = nil
                self?.events?.writable()
            })
    }

    private func pipe(reading descriptor: consuming OwnedFD) -> CommandPipe {
        CommandPipe(
            descriptor, isInput: false, on: loop.eventLoop,
            onBytes: { [weak self] in self?.wrote($0) },
            onClose: { [weak self] in self?.outputEnded() })
    }

    /// Later, since whoever sends does not expect the end at once.
    private func fail(_ failure: TransportFailure) {
        let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
        loop.eventLoop.execute { bound.value.conclude(failure) }
    }

    // MARK: The request's body

    private func relay(_ bytes: ByteBuffer) {
        guard let transport = input?.transport, !body.isDone else { return }
        do {
            let content = try content(bytes)
            if content.readableBytes > 0 { transport.send(content) }
        } catch {
            // The exchange has read the same framing before, and would have refused it.
            stop()
        }
        if body.isDone { transport.close() }
    }

    private func content(_ bytes: ByteBuffer) throws(HeadError) -> ByteBuffer {
        guard body.framing == .chunked else {
            _ = try body.take(bytes.readableBytesSpan, from: 0)
            return bytes
        }
        var content = ByteBuffer()
        let room = bytes.readableBytes
        try content.writeWithOutputRawSpan(minimumWritableBytes: room) { (output) throws(HeadError) in
            _ = try body.takeContent(bytes.readableBytesSpan, from: 0, into: &output)
        }
        return content
    }

    // MARK: The command's output and end

    private func wrote(_ bytes: ByteBuffer) {
        hasMoved = true
        perform(answer.wrote(bytes))
        guard events != nil, holding == nil else { return }
        let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
        holding = loop.eventLoop.scheduleTask(in: .nanoseconds(Limits.heldOutputTime.nanoseconds)) {
            let call = bound.value
            call.perform(call.answer.release())
        }
    }

    private func outputEnded() {
        output = nil
        isOutputDone = true
        concludeIfDone()
    }

    private func ended(_ end: ProcessEnd) {
        self.end = end
        guard events != nil else { return }
        tell(end)
        if case .exited = end, !isOutputDone {
            waitForOutput()
        } else {
            isOutputDone = true
            concludeIfDone()
        }
    }

    /// The output's end follows at once, unless something that left the command's process group holds it open. Nothing is
    /// lost of what the command wrote: it is given up only after a time in which the loop was there to read and nothing
    /// came, and never as a whole answer while it still comes.
    private func waitForOutput(quiet: Int = 0, rounds: Int = 0) {
        let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
        hasMoved = false
        grace = loop.eventLoop.scheduleTask(in: .nanoseconds(Limits.outputGrace.nanoseconds / 2)) {
            let call = bound.value
            if call.isPaused {
                call.waitForOutput()
            } else if rounds >= Limits.outputGraceRounds {
                call.conclude(.broken)
            } else if call.hasMoved || quiet == 0 {
                // The first may have come late, by a loop that had not read yet.
                call.waitForOutput(quiet: call.hasMoved ? 0 : 1, rounds: rounds + 1)
            } else {
                call.output?.abort()
                call.outputEnded()
            }
        }
    }

    private func concludeIfDone() {
        guard isOutputDone, let end else { return }
        holding?.cancel()
        grace?.cancel()
        perform(answer.ended(end))
    }

    private func perform(_ step: CommandAnswer.Step) {
        guard let events else { return }
        switch step {
        case .nothing: break
        case .send(let bytes): if bytes.readableBytes > 0 { events.received(bytes) }
        case .finish(let bytes):
            events.received(bytes)
            conclude(nil)
        case .refuse(let refusal):
            if refusal == .invalidResponse {
                log("the command's output does not begin with the head of a response (cgi: true, RFC 3875)")
            }
            conclude(.answered(refusal))
        case .cut: conclude(.broken)
        }
    }

    private func conclude(_ failure: TransportFailure?) {
        guard let events else { return }
        stop()
        events.closed(failure)
    }

    /// Where the function's owner looks for it.
    private func log(_ what: String) { service.processes.log("torpor: call \(request.callID): \(what)") }

    private func tell(_ end: ProcessEnd) {
        let (what, refusal): (String, Refusal)
        switch end {
        case .exited(.code(0)), .lost: return
        case .exited(.code(let code)):
            (what, refusal) = ("the command exited with status \(code)", .commandFailed)
        case .exited(.signal(let number)):
            (what, refusal) = ("the command was ended by signal \(number)", .commandKilled)
        case .exited(.oomKilled):
            (what, refusal) = ("the command was ended: it used more than limits.memory", .oomKilled)
        case .exited(.unknown): (what, refusal) = ("the command was ended", .commandKilled)
        case .failed(let failure): (what, refusal) = (failure.message, .startFailed)
        }
        log(what)
        loop.tellFailed(
            request.route, callID: request.callID, code: "\(refusal.code)", instance: request.instance,
            end: end)
    }
}
