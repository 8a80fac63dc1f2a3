/// What an engine asks for when it has a container made.
package struct CreateRequest: Sendable {
    package var id: ContainerID
    package var bundle: String
    /// Of another configuration than the bundle's.
    package var configuration: String?
    /// Where the number of the first process is written.
    package var pidFile: String?
    /// Where the master of the container's terminal is sent.
    package var consoleSocket: String?
    /// The container keeps its caller's session keyring.
    package var keepsKeyring = false
    /// The root of a ramdisk cannot be pivoted from.
    package var movesRoot = false
    /// How many descriptors from 3 on the program gets, beside those of LISTEN_FDS.
    package var preserved = 0
    /// Whether the program waits for `start`.
    package var waitsForStart = true

    package init(id: ContainerID, bundle: String) {
        self.id = id
        self.bundle = bundle
    }
}
