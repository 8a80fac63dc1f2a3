internal import ControlAPI
internal import ControlClient
internal import CopyProgram
internal import Core
internal import Glibc
internal import LinuxSystem

/// Copies files: `torpor-copy` runs here and inside of the container, and an archive goes from the one to the other. Its calls
/// block.
struct CopyRun {
    private let plan: CopyPlan
    private let progressing: (UInt64) -> Void

    init(_ plan: CopyPlan, progressing: @escaping (UInt64) -> Void) {
        self.plan = plan
        self.progressing = progressing
    }

    /// - Parameter options: for the other host's torpor.
    func run(remote: RemoteHost?, options: [String], socket: String) throws -> CopyReport {
        // That side first, so that nothing is made here where nobody can be reached. Nobody else keeps a side: its stream
        // ends when it is let go here.
        var inside = try remote.map { try start(over: $0, options) } ?? attach(socket)
        var here = try here()
        // Somebody who has gone is an error of the write.
        signal(SIGPIPE, SIG_IGN)
        let problem = plan.isInto ? pump(here, inside) : pump(inside, here)
        here.stream = nil
        inside.stream = nil
        let (source, sink) = plan.isInto ? (here, inside) : (inside, here)
        var end = try sink.finish()
        if problem == EPIPE, !plan.isInto, case .stream = plan.local { throw StandardOutput.Closed() }
        if let problem, problem != EPIPE {
            end = CopyOutcome(
                status: 1, lines: ["the archive cannot be written: \(String(cString: strerror(problem)))"])
        }
        return CopyReport(source: try source.finish(), sink: end)
    }

    // MARK: Sides

    private func attach(_ socket: String) throws -> CopySide {
        let session = try AttachClient(controlSocket: socket).attach(plan.request)
        // Output, errors, input.
        let descriptors = session.takeDescriptors()
        guard descriptors.count == (plan.isInto ? 3 : 2) else {
            throw ToolFailure("the daemon's answer has \(descriptors.count) streams")
        }
        let complaints = try Complaints(descriptors[1])
        let label = plan.label
        return CopySide(stream: plan.isInto ? descriptors[2] : descriptors[0]) {
            let end =
                try session.end()
                ?? AttachEnd(
                    status: AttachEnd.lost, message: "the daemon has gone, and the session with it")
            var lines = complaints.lines().map { $0.hasPrefix("/") ? "\(label):\($0)" : $0 }
            if let message = end.message {
                lines.append(message)
            } else if end.status >= 128, end.status != 128 + Int(SIGPIPE) {
                lines.append("\(label): what copies inside was ended by signal \(end.status - 128)")
            }
            return CopyOutcome(status: Int32(truncatingIfNeeded: end.status), lines: lines)
        }
    }

    private func start(over remote: RemoteHost, _ options: [String]) throws -> CopySide {
        let pipe = try SharedPipe()
        let none = SharedFD(try File.open("/dev/null", flags: O_RDWR))
        let command =
            ["cp", "--stream=\(plan.isInto ? plan.name : ".")"] + options
            + (plan.isInto ? ["-", plan.place] : [plan.place, "-"])
        let wait = try remote.start(
            command, input: plan.isInto ? pipe.reading.raw : none.raw,
            output: plan.isInto ? none.raw : pipe.writing.raw)
        return CopySide(stream: plan.isInto ? pipe.writing : pipe.reading) {
            let status = wait()
            // Its errors are on this standard error; that an archive breaks off is left to this side.
            return status == CopyStatus.noArchive
                ? CopyOutcome(status: status, lines: ["the archive broke off on its way to \(remote)"])
                : CopyOutcome(status: status, isTold: true)
        }
    }

    private func here() throws -> CopySide {
        guard case .path(let path) = plan.local else {
            return CopySide(stream: SharedFD(try OwnedFD(duplicating: plan.isInto ? 0 : 1))) {
                CopyOutcome(status: 0)
            }
        }
        let (archive, errors) = (try SharedPipe(), try SharedPipe())
        let work: CopyWork =
            plan.isInto
            ? .create(path: path, top: ".", followsLink: plan.followsLink)
            // Whatever the container says, no file here runs as somebody else.
            : .extract(path: path, name: plan.name, keepsOwners: plan.keepsOwners, keepsSetID: false)
        let tool = try CopyProgram.run(
            work, input: plan.isInto ? nil : archive.reading.raw,
            output: plan.isInto ? archive.writing.raw : nil, errors: errors.writing.raw)
        let complaints = try Complaints(errors.reading)
        return CopySide(stream: plan.isInto ? archive.reading : archive.writing) {
            CopyOutcome(status: tool.wait(), lines: complaints.lines())
        }
    }

    // MARK: Between them

    /// - Returns: why nothing more can be written, if it was not the end.
    private func pump(_ source: CopySide, _ sink: CopySide) -> Int32? {
        guard let input = source.stream, let output = sink.stream else { return nil }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        var all: UInt64 = 0
        while true {
            var watched = [
                pollfd(fd: input.raw, events: Int16(POLLIN), revents: 0),
                pollfd(fd: output.raw, events: 0, revents: 0),
            ]
            if poll(&watched, 2, -1) < 0 { continue }
            // Whoever is to take it has gone, and may be long before there is anything.
            if watched[1].revents & Int16(POLLERR) != 0 { return EPIPE }
            let count = read(input.raw, &buffer, buffer.count)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { return nil }
            if let problem = Self.write(buffer[..<count], to: output.raw) { return problem }
            all += UInt64(count)
            progressing(all)
        }
    }

    private static func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Int32? {
        errno = 0
        return Descriptors.writeAll(bytes, to: descriptor) ? nil : errno
    }
}
