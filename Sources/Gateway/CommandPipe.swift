internal import LinuxSystem
internal import NIOCore
internal import NIOPosix

/// One pipe of a command as a transport on the loop, and what it tells.
final class CommandPipe: TransportEvents {
    private(set) var transport: (any Transport)?
    private let onBytes: (ByteBuffer) -> Void
    private let onWritable: () -> Void
    private var onClose: (() -> Void)?

    /// - Parameters:
    ///   - descriptor: owned from here on. - isInput: the command reads from it.
    init(
        _ descriptor: consuming OwnedFD, isInput: Bool, on eventLoop: any EventLoop,
        onBytes: @escaping (ByteBuffer) -> Void = { _ in }, onWritable: @escaping () -> Void = {},
        onClose: @escaping () -> Void
    ) {
        self.onBytes = onBytes
        self.onWritable = onWritable
        self.onClose = onClose
        let transport = NIOTransport(events: self)
        if isInput { transport.pauseReading() }
        self.transport = transport
        let bound = NIOLoopBound(transport, eventLoop: eventLoop)
        let bootstrap = NIOPipeBootstrap(group: eventLoop)
            .channelOption(.autoRead, value: false)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
            }
        let number = descriptor.release()
        let made =
            isInput
            ? bootstrap.takingOwnershipOfDescriptor(output: number)
            : bootstrap.takingOwnershipOfDescriptor(input: number)
        made.whenFailure { _ in
            // Not taken, then.
            _ = OwnedFD(owning: number)
            bound.value.failed()
        }
    }

    /// Ends it at once.
    func abort() {
        onClose = nil
        transport?.abort()
        transport = nil
    }

    // MARK: TransportEvents

    func opened() {}
    func received(_ bytes: ByteBuffer) { if onClose != nil { onBytes(bytes) } }
    func writable() { if onClose != nil { onWritable() } }
    func finished() {}

    func closed(_ failure: TransportFailure?) {
        transport = nil
        let onClose = onClose
        self.onClose = nil
        onClose?()
    }
}
