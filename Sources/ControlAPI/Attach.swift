package import Core

/// What a client asks of the attach socket: the first packet of a connection, as JSON. The connection is the session: its
/// end ends what was started.
package struct AttachRequest: Sendable, Hashable {
    package enum Purpose: Sendable, Hashable {
        /// One more process.
        case exec(ExecRequest)
        /// Files, in or out.
        case copy(CopyRequest)
        /// A connection to this port, from inside of the instance.
        case port(Int)
    }

    package var function: FunctionKey
    /// Nil is the oldest that takes requests.
    package var instance: InstanceID?
    /// Whether one is started where none runs.
    package var wake: Bool
    package var purpose: Purpose

    package init(
        _ function: FunctionKey, instance: InstanceID? = nil, wake: Bool = true, _ purpose: Purpose
    ) {
        self.function = function
        self.instance = instance
        self.wake = wake
        self.purpose = purpose
    }

    package func validate() throws(InvalidInput) {
        switch purpose {
        case .exec(let exec): do { try exec.validate() } catch { throw error.inside("exec") }
        case .copy(let copy): do { try copy.validate() } catch { throw error.inside("copy") }
        case .port(let port):
            guard (1...65535).contains(port) else {
                throw InvalidInput("port", "\(port) is no port", allowed: "1 to 65535")
            }
        }
    }
}

extension AttachRequest: Codable {
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case name, namespace, instance, wake, exec, copy, port
    }

    package init(from decoder: any Decoder) throws {
        try StrictKeys.check(decoder, CodingKeys.self)
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        function = try FunctionKey(
            name: fields.decode(String.self, forKey: .name),
            namespace: fields.decodeIfPresent(NamespaceName.self, forKey: .namespace) ?? .default)
        instance = try fields.decodeIfPresent(InstanceID.self, forKey: .instance)
        wake = try fields.decodeIfPresent(Bool.self, forKey: .wake) ?? true
        let purposes: [Purpose?] = [
            try fields.decodeIfPresent(ExecRequest.self, forKey: .exec).map(Purpose.exec),
            try fields.decodeIfPresent(CopyRequest.self, forKey: .copy).map(Purpose.copy),
            try fields.decodeIfPresent(Int.self, forKey: .port).map(Purpose.port),
        ]
        let given = purposes.compactMap { $0 }
        guard given.count == 1 else {
            throw InvalidInput("", "asks for \(given.count) things", allowed: "one of exec, copy, port")
        }
        purpose = given[0]
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(function.name, forKey: .name)
        try fields.encode(function.namespace, forKey: .namespace)
        try fields.encodeIfPresent(instance, forKey: .instance)
        try fields.encode(wake, forKey: .wake)
        switch purpose {
        case .exec(let exec): try fields.encode(exec, forKey: .exec)
        case .copy(let copy): try fields.encode(copy, forKey: .copy)
        case .port(let port): try fields.encode(port, forKey: .port)
        }
    }
}

/// One more process in an instance, with the function's own limits, filter and capabilities.
package struct ExecRequest: Sendable, Hashable, Codable {
    package struct Terminal: Sendable, Hashable, Codable {
        package var rows: Int
        package var columns: Int

        package init(rows: Int, columns: Int) {
            self.rows = rows
            self.columns = columns
        }
    }

    package var command: [String]
    /// `NAME=value` each; they win over the function's own.
    package var environment: [String]
    /// `USER[:GROUP]`, names of the image or numbers; nil is the function's own.
    package var user: String?
    /// Absolute; nil is the function's own.
    package var directory: String?
    /// Whether it has an input.
    package var input: Bool
    /// A terminal of this size instead of pipes.
    package var terminal: Terminal?

    package init(
        command: [String], environment: [String] = [], user: String? = nil, directory: String? = nil,
        input: Bool = false, terminal: Terminal? = nil
    ) {
        self.command = command
        self.environment = environment
        self.user = user
        self.directory = directory
        self.input = input
        self.terminal = terminal
    }

    package func validate() throws(InvalidInput) {
        guard let program = command.first, !program.isEmpty, command.count <= Limits.arguments else {
            throw InvalidInput(
                "command", command.isEmpty ? "is empty" : "is no command",
                allowed: "a program and at most \(Limits.arguments) arguments")
        }
        let texts = [("command", command), ("environment", environment)]
        for (name, texts) in texts where texts.contains(where: { $0.utf8.contains(0) }) {
            throw InvalidInput(name, "has a NUL byte")
        }
        for variable in environment where !variable.dropFirst().contains("=") {
            throw InvalidInput(
                "environment", "'\(variable.prefix(60))' is no variable", allowed: "NAME=VALUE")
        }
        if let directory, !directory.hasPrefix("/") || directory.utf8.contains(0) {
            throw InvalidInput(
                "directory", "'\(directory.prefix(80))' is no absolute path", allowed: "such as /tmp")
        }
        if let terminal {
            guard (0...65535).contains(terminal.rows), (0...65535).contains(terminal.columns) else {
                throw InvalidInput("terminal", "is out of range", allowed: "0 to 65535 rows and columns")
            }
        }
    }
}

/// What the daemon says on the attach socket. First `attached`, with descriptors, or `error`; after `attached` at last
/// `ended`, for a process.
///
/// Descriptors of a process with a terminal: its master. Of one with pipes: its output, its errors, and its input where it
/// has one. Of a port: the connection, which may still be in progress.
package struct AttachReply: Sendable, Hashable, Codable {
    package var attached: InstanceID?
    package var error: ControlError?
    package var ended: AttachEnd?

    package init(attached: InstanceID? = nil, error: ControlError? = nil, ended: AttachEnd? = nil) {
        self.attached = attached
        self.error = error
        self.ended = ended
    }
}

/// How a process ended.
package struct AttachEnd: Sendable, Hashable, Codable {
    /// Its own, 128 and the signal's number, 126 when it could not be executed, 127 when it is not there, 125 when its
    /// instance was lost.
    package var status: Int
    /// What is to be told beside the status.
    package var message: String?

    package init(status: Int, message: String? = nil) {
        self.status = status
        self.message = message
    }

    /// Of what is Torpor's own failure, as podman-exec(1) has it.
    package static let lost = 125
}

/// What a client may send after it was attached: a signal for the process's group.
package struct AttachSignal: Sendable, Hashable, Codable {
    package var signal: Int

    package init(signal: Int) { self.signal = signal }
}
