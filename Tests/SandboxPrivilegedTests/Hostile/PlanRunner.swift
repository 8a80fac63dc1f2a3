import Core
import Glibc
import LinuxSystem
import Sandbox
import Testing

/// torpor-init with a plan that a test has written, in mount and process namespaces of its own and no others.
struct PlanRunner {
    let program: String

    /// - Parameter fill: makes what is in the container's root, which is new and empty, below a path.
    /// - Returns: what the plan's process wrote.
    func run(_ plan: LaunchPlan, fill: (String) throws -> Void) throws -> String {
        var far: OwnedFD?
        let socket = try PacketSocket(sendSeconds: 5, other: &far)
        var reading: OwnedFD?
        var writing: OwnedFD?
        try Pipe.make(reading: &reading, writing: &writing)
        guard let end = far.take(), let output = reading.take(), let input = writing.take() else {
            preconditionFailure("pairs and pipes have two ends")
        }
        let root = try FilesystemContext("tmpfs").mount([])
        try fill("/proc/self/fd/\(root.descriptor)")
        let child = try spawn(socket: end.raw)
        try send(plan, over: socket, root: root.descriptor, output: input)
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = read(output.raw, &buffer, buffer.count), count > 0 {
            text += buffer.prefix(count)
        }
        socket.shutDown()
        var status: Int32 = 0
        waitpid(child, &status, 0)
        return String(decoding: text, as: UTF8.self)
    }

    private func spawn(socket: Int32) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, socket, 3)
        let arguments = ["unshare", "--mount", "--pid", "--fork", "--", program]
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var child: pid_t = 0
        try #require(posix_spawnp(&child, "unshare", &actions, nil, &words, nil) == 0)
        return child
    }

    private func send(
        _ plan: LaunchPlan, over socket: borrowing PacketSocket, root: Int32, output: consuming OwnedFD
    ) throws {
        let null = try File.open("/dev/null", flags: O_RDWR)
        let body = try EncodedPlan(plan).bytes(for: try #require(InstanceID("0123456789ab")))
        let head: [UInt32] = [PlanFormat.Kind.plan.rawValue, 0, UInt32(body.count), 0]
        let message: [UInt8] =
            head.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) } }
            + body
        let descriptors = [root, null.raw, output.raw, output.raw, null.raw]
        try message.withUnsafeBytes { try socket.send($0, descriptors: descriptors) }
    }
}
