internal import Core

/// An instance as one loop knows it: its handle and the connections to it that are kept idle.
final class Endpoint {
    let handle: InstanceHandle
    private var idle: [UpstreamConnection] = []
    private let limit: Int
    /// No longer in the published set: nothing is kept.
    private(set) var retired = false

    init(_ handle: InstanceHandle, idleLimit: Int) {
        self.handle = handle
        limit = idleLimit
    }

    /// A kept connection, the one used last.
    @inline(__always)
    func take() -> UpstreamConnection? { idle.popLast() }

    func keep(_ connection: UpstreamConnection) {
        if retired || idle.count >= limit {
            connection.close()
        } else {
            idle.append(connection)
        }
    }

    func forget(_ connection: UpstreamConnection) {
        if let index = idle.lastIndex(where: { $0 === connection }) { idle.remove(at: index) }
    }

    func retire() {
        retired = true
        let connections = idle
        idle = []
        for connection in connections { connection.close() }
    }
}
