internal import Core
internal import Glibc

/// The descriptors that the program gets beside its standard streams: those of LISTEN_FDS (sd_listen_fds(3)), then those of
/// `--preserve-fds`, which stand behind each other from 3 on.
struct PassedDescriptors {
    let numbers: [Int32]
    /// What the program is told of them.
    let environment: [String]

    /// - Throws: `InvalidInput` for a descriptor that is not there.
    init(preserved: Int, variable: (String) -> String? = { getenv($0).map { String(cString: $0) } })
        throws(InvalidInput)
    {
        guard (0...Limits.planDescriptors).contains(preserved) else {
            throw InvalidInput(
                "--preserve-fds", "\(preserved) is out of range", allowed: "0 to \(Limits.planDescriptors)")
        }
        let listening = variable("LISTEN_FDS").flatMap { Int($0) } ?? 0
        guard (0...Limits.planDescriptors).contains(listening) else {
            throw InvalidInput(
                "LISTEN_FDS", "\(listening) is out of range", allowed: "0 to \(Limits.planDescriptors)")
        }
        numbers = (0..<(listening + preserved)).map { Int32(3 + $0) }
        // This program's own are closed on exec: none of them was handed to it.
        for number in numbers where fcntl(number, F_GETFD) != 0 {
            throw InvalidInput(
                listening > Int(number) - 3 ? "LISTEN_FDS" : "--preserve-fds",
                "says that there is a descriptor \(number), and there is none")
        }
        guard listening > 0 else {
            environment = []
            return
        }
        let names = variable("LISTEN_FDNAMES").map { ["LISTEN_FDNAMES=\($0)"] } ?? []
        environment = ["LISTEN_FDS=\(listening)", "LISTEN_PID=1"] + names
    }
}
