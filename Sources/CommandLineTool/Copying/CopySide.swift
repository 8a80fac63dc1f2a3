internal import ControlClient
internal import CopyProgram
internal import Core
internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// One of the two programs of a copy: who writes the archive, or who makes files of it.
struct CopySide {
    /// What is read of it, or written to it; closed when this is nil.
    var stream: SharedFD?
    /// Waits for its end.
    let finish: () throws -> CopyOutcome
}

/// How one side ended.
struct CopyOutcome: Sendable, Hashable {
    var status: Int32
    /// What it says, in lines.
    var lines: [String] = []
    /// Whether what it says is told already.
    var isTold = false
}

/// What becomes of a copy of which both sides are over.
struct CopyReport: Sendable, Hashable {
    let status: Int32
    let lines: [String]
    /// The archive was none, or broke off, and nobody has said why.
    let isBrokenOff: Bool

    init(source: CopyOutcome, sink: CopyOutcome) {
        let endedFirst = source.status == CopyStatus.noReader || source.status == 128 + SIGPIPE
        let isCut = sink.status == CopyStatus.noArchive
        if endedFirst {
            // Its end is the other's, who says why, or has all that it needs.
            lines = sink.lines
            status = sink.status == 0 ? 0 : 1
            isBrokenOff = false
            return
        }
        // An archive of one who has failed is cut off, and what is told is why.
        let isKnown = source.status != 0 && (source.isTold || !source.lines.isEmpty)
        lines = source.lines + (isCut && isKnown ? [] : sink.lines)
        isBrokenOff = isCut && !isKnown
        status = isBrokenOff ? CopyStatus.noArchive : source.status == 0 && sink.status == 0 ? 0 : 1
    }
}

/// What a program says on its standard error, as far as it is to be told. It is another's who may mean harm: no byte of it
/// moves a terminal's cursor.
final class Complaints: Sendable {
    private final class Said: Sendable { let bytes = Mutex<[UInt8]>([]) }

    private let said: Said
    private let thread: DedicatedThread

    init(_ stream: SharedFD) throws {
        let said = Said()
        self.said = said
        thread = try DedicatedThread(name: "complaints") {
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(stream.raw, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return }
                said.bytes.withLock { bytes in
                    bytes += buffer[..<count].prefix(Limits.copyComplaintBytes - bytes.count)
                }
            }
        }
    }

    /// All that was said, when nobody is left to say more.
    func lines() -> [String] {
        thread.join()
        return Self.lines(of: said.bytes.withLock { $0 })
    }

    static func lines(of bytes: [UInt8]) -> [String] {
        bytes.split(separator: UInt8(ascii: "\n")).map { line in
            var text = ""
            for scalar in String(decoding: line, as: UTF8.self).unicodeScalars {
                let isControl = scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
                text.unicodeScalars.append(isControl ? "?" : scalar)
            }
            return text
        }
    }
}
