internal import ControlAPI
internal import ControlServer
internal import Core
internal import Gateway
internal import LinuxSystem
internal import Orchestrator
internal import Synchronization

/// A connection to a port of an instance, made inside of its network. It lives as long as the client.
final class PortSession: AttachedSession {
    private let held: HeldInstance
    private let place: SessionPlace
    private let connection: Mutex<SharedFD?>

    init(
        _ held: HeldInstance, _ place: SessionPlace, port: Int, _ dialer: any UpstreamDialing
    ) throws(ControlError) {
        self.held = held
        self.place = place
        guard let number = UInt16(exactly: port) else {
            throw ControlError(.invalid, "\(port) is no port", path: "port")
        }
        do throws(KernelError) {
            connection = Mutex(SharedFD(try dialer.dial(slot: held.handle.slot, port: number)))
        } catch {
            throw ControlError(
                .unavailable,
                "nothing takes connections on port \(port) of instance \(held.id): \(error.reason)")
        }
        // Before its slot is another's, the gate of an instance is closed: so this was its own.
        guard held.handle.gate.phase != .closed else {
            throw ControlError(.unavailable, "instance \(held.id) has ended")
        }
    }

    var reply: AttachReply { AttachReply(attached: held.id) }
    func takeDescriptors() -> [SharedFD] { connection.withLock { [$0.take()].compactMap(\.self) } }
    func signal(_ number: Int32) {}
    func hangUp() {
        connection.withLock { $0 = nil }
        held.letGo()
    }
}
