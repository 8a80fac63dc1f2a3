package import Core
package import OCI

/// What is to run in a container that runs, and how.
package struct ExecRequest: Sendable {
    package var id: ContainerID
    package var program: Program
    package var consoleSocket: String?
    package var pidFile: String?
    /// Whether the process outlives the command.
    package var detaches = false
    package var preserved = 0
    /// Below the container's own.
    package var cgroup: String?
    package var ignoresPause = false

    package enum Program: Sendable {
        /// JSON of a whole process (config.md, "Process").
        case described([UInt8])
        /// A command, with what differs from the container's own process.
        case command([String], ProcessChanges)
    }

    package init(id: ContainerID, program: Program) {
        self.id = id
        self.program = program
    }

    /// The process that is asked for, in a container of this configuration.
    /// - Throws: `InvalidInput` with the key.
    package func process(in config: OCIConfig) throws(InvalidInput) -> OCIConfig.Process {
        switch program {
        case .described(let bytes):
            var process = try Self.parse(bytes)
            // What the file leaves open is as in the container.
            let own = config.process
            if process.capabilities == nil { process.capabilities = own.capabilities }
            if process.rlimits == nil { process.rlimits = own.rlimits }
            if process.user == nil { process.user = own.user }
            return process
        case .command(let arguments, let changes):
            var whole = config
            whole.process = try changes.applied(to: config.process)
            whole.process.args = arguments
            // The same rules as for what stands in a file.
            return try OCIConfig.parse(try whole.serialised(), ids: .max).process
        }
    }

    private static func parse(_ bytes: [UInt8]) throws(InvalidInput) -> OCIConfig.Process {
        let before = #"{"ociVersion":"1.2.0","root":{"path":"/"},"process":"#
        return try OCIConfig.parse(Array(before.utf8) + bytes + Array("}".utf8), ids: .max).process
    }
}
