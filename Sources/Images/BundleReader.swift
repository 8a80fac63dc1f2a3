internal import Core
internal import Glibc
internal import LinuxSystem
internal import OCI

/// Reads what the user named: an OCI bundle, or a plain root filesystem with a command.
enum BundleReader {
    /// A root filesystem that is held open, and the configuration to run it with.
    struct Opened {
        let config: OCIConfig
        let rootfs: Directory
        /// For messages.
        let rootfsPath: String
    }

    /// - Throws: `InvalidInput` that names the file or the field.
    static func open(_ source: RevisionSource, spec: FunctionSpec) throws(InvalidInput) -> Opened {
        var opened =
            switch source {
            case .bundle(let path): try bundle(path, command: spec.command)
            case .rootfs(let path): try plain(path, command: spec.command)
            }
        try HonouredFields.check(opened.config)
        var config = opened.config
        // The revision's own copy has no place in the bundle any more.
        config.root.path = "rootfs"
        opened = Opened(config: config, rootfs: opened.rootfs, rootfsPath: opened.rootfsPath)
        return opened
    }

    private static func plain(_ path: String, command: [String]?) throws(InvalidInput) -> Opened {
        guard let command, !command.isEmpty else {
            throw InvalidInput("command", "is missing", allowed: "the program that the root filesystem runs")
        }
        try requireAbsolute(path, "rootfs")
        return Opened(
            config: OCIConfig.default(command: command), rootfs: try directory(path, named: "rootfs"),
            rootfsPath: path)
    }

    private static func bundle(_ path: String, command: [String]?) throws(InvalidInput) -> Opened {
        try requireAbsolute(path, "bundle")
        let bundle: Directory
        do {
            // A link to the bundle is the user's way to name it.
            bundle = try Directory(path: path + "/.")
        } catch {
            throw InvalidInput(
                "bundle", "cannot be opened: \(error)", allowed: "a directory with config.json")
        }
        var config = try configuration(of: bundle, path: path)
        if let command { config.process.args = command }
        let root = config.root.path
        if root.hasPrefix("/") {
            return Opened(config: config, rootfs: try directory(root, named: "root.path"), rootfsPath: root)
        }
        do {
            return Opened(
                config: config, rootfs: try bundle.directory(beneath: root), rootfsPath: "\(path)/\(root)")
        } catch {
            throw explain(error, "root.path", root)
        }
    }

    private static func configuration(of bundle: Directory, path: String) throws(InvalidInput) -> OCIConfig {
        let bytes: [UInt8]
        do {
            let file = try bundle.file(FileName("config.json"))
            guard try file.status().kind == .regular else {
                throw InvalidInput("\(path)/config.json", "is not a regular file")
            }
            bytes = try file.readAll(limit: Limits.ociConfigBytes)
        } catch let error as InvalidInput {
            throw error
        } catch let error as KernelError {
            switch error.code {
            case ELOOP:
                throw InvalidInput("\(path)/config.json", "is a symbolic link", allowed: "a regular file")
            case EFBIG:
                throw InvalidInput(
                    "\(path)/config.json", "is too long", allowed: "at most \(Limits.ociConfigBytes) bytes")
            default: throw InvalidInput("\(path)/config.json", "cannot be read: \(error)")
            }
        } catch {
            throw InvalidInput("\(path)/config.json", "cannot be read: \(error)")
        }
        return try OCIConfig.parse(bytes)
    }

    private static func requireAbsolute(_ path: String, _ field: String) throws(InvalidInput) {
        guard path.hasPrefix("/"), !path.utf8.contains(0), path.utf8.count <= Limits.pathBytes else {
            throw InvalidInput(field, "'\(path.prefix(80))' is no absolute path", allowed: "an absolute path")
        }
    }

    private static func directory(_ path: String, named field: String) throws(InvalidInput) -> Directory {
        do {
            var path = path
            // A slash at the end would follow the link that the name is.
            while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
            return try Directory(path: path)
        } catch {
            throw explain(error, field, path)
        }
    }

    private static func explain(_ error: KernelError, _ field: String, _ path: String) -> InvalidInput {
        switch error.code {
        case ELOOP:
            InvalidInput(
                field, "'\(path.prefix(200))' is a symbolic link or has one in it",
                allowed: "a real directory")
        case EXDEV:
            InvalidInput(field, "'\(path.prefix(200))' leads out of the bundle", allowed: "a directory in it")
        case ENOTDIR:
            InvalidInput(
                field, "'\(path.prefix(200))' is no directory, or a symbolic link",
                allowed: "a real directory")
        default: InvalidInput(field, "cannot be opened: \(error)", allowed: "a directory that exists")
        }
    }
}
