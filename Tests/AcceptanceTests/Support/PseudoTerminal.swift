import Foundation
import Glibc
import Synchronization

/// A program on a terminal of its own, which the test types at and reads.
final class PseudoTerminal: Sendable {
    let child: ChildProcess
    private let master: Int32
    private let seen = Mutex<[UInt8]>([])
    private let isClosed = Atomic<Bool>(false)
    private let isRead = Atomic<Bool>(false)

    init(rows: UInt16 = 24, columns: UInt16 = 80, _ program: String, _ arguments: [String]) throws {
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var unlocked: Int32 = 0
        var number: UInt32 = 0
        // TIOCSPTLCK and TIOCGPTN (ioctl_tty(2)).
        guard master >= 0, ioctl(master, 0x4004_5431, &unlocked) == 0,
            ioctl(master, 0x8004_5430, &number) == 0
        else {
            throw TestFailure("no pseudo-terminal: \(String(cString: strerror(errno)))")
        }
        let path = "/dev/pts/\(number)"
        // setsid(1) gives it the terminal as the controlling one, and then is the program.
        child = try ChildProcess(
            "setsid", ["--ctty", program] + arguments, input: path, output: .file(path))
        resize(rows: rows, columns: columns)
        Thread { [self] in
            var buffer = [UInt8](repeating: 0, count: 4096)
            while !isClosed.load(ordering: .acquiring) {
                // Whoever waits in a read would keep the terminal from being taken away.
                var watched = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
                if poll(&watched, 1, 20) <= 0 { continue }
                let count = read(master, &buffer, buffer.count)
                if count <= 0 { break }
                seen.withLock { $0 += buffer.prefix(count) }
            }
            isRead.store(true, ordering: .releasing)
        }.start()
    }

    func resize(rows: UInt16, columns: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
    }

    func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(master, bytes, bytes.count)
    }

    var text: String { seen.withLock { String(decoding: $0, as: UTF8.self) } }

    /// Waits until this was shown, then forgets it and all before.
    func shows(_ wanted: String, within limit: Duration = .seconds(10)) throws {
        do {
            try becomesTrue("'\(wanted)' on the terminal", within: limit) {
                seen.withLock { bytes in
                    guard let range = String(decoding: bytes, as: UTF8.self).range(of: wanted) else {
                        return false
                    }
                    let rest = String(decoding: bytes, as: UTF8.self)[range.upperBound...]
                    bytes = Array(rest.utf8)
                    return true
                }
            }
        } catch {
            throw TestFailure("\(error); there is: \(text)")
        }
    }

    /// Whether keys are passed on as they are.
    var isRaw: Bool {
        var mode = termios()
        return tcgetattr(master, &mode) == 0 && mode.c_lflag & tcflag_t(ICANON | ECHO) == 0
    }

    /// Takes the terminal away.
    func hangUp() {
        if isClosed.exchange(true, ordering: .acquiringAndReleasing) { return }
        while !isRead.load(ordering: .acquiring) { pause(.milliseconds(1)) }
        close(master)
    }
}
