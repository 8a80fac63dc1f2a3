package import Core

extension OCIConfig {
    /// Checks each value against the specification and the limits; whether the platform honours it comes later.
    /// - Throws: `InvalidInput` for the first value that could not work for anybody.
    func validate(ids: UInt32) throws(InvalidInput) {
        guard ociVersion.hasPrefix("1.") else {
            throw InvalidInput("ociVersion", "'\(ociVersion.prefix(40))' is not supported", allowed: "1.x")
        }
        try TextRule.path(root.path, at: "root.path", absolute: false)
        try validate(name: hostname, at: "hostname")
        try validate(name: domainname, at: "domainname")
        try process.validate(ids: ids)
        try validateMounts()
        try linux?.validate()
    }

    private func validate(name: String?, at path: String) throws(InvalidInput) {
        guard let name else { return }
        try TextRule.noNUL(name, at: path)
        guard name.utf8.count <= Limits.hostnameBytes else {
            throw InvalidInput(
                path, "has \(name.utf8.count) bytes", allowed: "at most \(Limits.hostnameBytes)")
        }
    }

    private func validateMounts() throws(InvalidInput) {
        guard let mounts else { return }
        try TextRule.count(mounts.count, at: "mounts", most: Limits.mounts)
        for (index, mount) in mounts.enumerated() {
            let path = "mounts[\(index)]"
            try TextRule.path(mount.destination, at: path + ".destination", absolute: true)
            for (key, value) in [("type", mount.type), ("source", mount.source)] {
                guard let value else { continue }
                try TextRule.noNUL(value, at: "\(path).\(key)")
                try TextRule.count(value.utf8.count, at: "\(path).\(key)", most: Limits.pathBytes)
            }
            for (position, option) in (mount.options ?? []).enumerated() {
                try TextRule.noNUL(option, at: "\(path).options[\(position)]")
            }
        }
    }
}

extension OCIConfig.Process {
    package func validate(ids: UInt32) throws(InvalidInput) {
        try validateCommand()
        try TextRule.path(cwd, at: "process.cwd", absolute: true)
        try user?.validate(ids: ids)
        _ = try capabilityMasks()
        _ = try limits()
        _ = try scheduler?.attributes()
        _ = try ioPriority?.value()
        for (key, list) in [("initial", execCPUAffinity?.initial), ("final", execCPUAffinity?.final)] {
            if let list { _ = try ProcessorList(list, path: "process.execCPUAffinity.\(key)") }
        }
        for (key, text) in [("apparmorProfile", apparmorProfile), ("selinuxLabel", selinuxLabel)] {
            guard let text else { continue }
            try TextRule.noNUL(text, at: "process.\(key)")
            try TextRule.count(text.utf8.count, at: "process.\(key)", most: Limits.pathBytes)
        }
        if let oomScoreAdj, !(-1000...1000).contains(oomScoreAdj) {
            throw InvalidInput(
                "process.oomScoreAdj", "\(oomScoreAdj) is out of range", allowed: "-1000 to 1000")
        }
    }

    /// Arguments and environment; `args` may be absent, since the function's own command may stand for it.
    private func validateCommand() throws(InvalidInput) {
        let arguments = args ?? []
        let environment = env ?? []
        try TextRule.count(arguments.count, at: "process.args", most: Limits.arguments)
        try TextRule.count(environment.count, at: "process.env", most: Limits.environmentVariables)
        if let args {
            guard let program = args.first else {
                throw InvalidInput("process.args", "is empty", allowed: "the program and its arguments")
            }
            if program.isEmpty { throw InvalidInput("process.args[0]", "is empty", allowed: "a program") }
        }
        for (index, text) in arguments.enumerated() { try TextRule.noNUL(text, at: "process.args[\(index)]") }
        for (index, text) in environment.enumerated() {
            let path = "process.env[\(index)]"
            try TextRule.noNUL(text, at: path)
            guard let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")), equals != text.utf8.startIndex
            else {
                throw InvalidInput(path, "'\(text.prefix(60))' is no variable", allowed: "NAME=value")
            }
        }
        let bytes = (arguments + environment).reduce(0) { $0 + $1.utf8.count + 1 }
        guard bytes <= Limits.argumentBytes else {
            throw InvalidInput(
                "process.args", "arguments and environment have \(bytes) bytes",
                allowed: "at most \(Limits.argumentBytes)")
        }
    }
}

extension OCIConfig.User {
    fileprivate func validate(ids: UInt32) throws(InvalidInput) {
        try TextRule.id(uid, at: "process.user.uid", below: ids)
        try TextRule.id(gid, at: "process.user.gid", below: ids)
        let groups = additionalGids ?? []
        try TextRule.count(groups.count, at: "process.user.additionalGids", most: Limits.additionalGroups)
        for (index, group) in groups.enumerated() {
            try TextRule.id(group, at: "process.user.additionalGids[\(index)]", below: ids)
        }
        if let umask, umask > 0o777 {
            throw InvalidInput(
                "process.user.umask", "\(umask) is no mask", allowed: "0 to 511, which is 0777")
        }
    }
}

extension OCIConfig.Linux {
    fileprivate func validate() throws(InvalidInput) {
        for (name, paths) in [("maskedPaths", maskedPaths), ("readonlyPaths", readonlyPaths)] {
            try TextRule.count(paths?.count ?? 0, at: "linux.\(name)", most: Limits.hiddenPaths)
            for (index, path) in (paths ?? []).enumerated() {
                try TextRule.path(path, at: "linux.\(name)[\(index)]", absolute: true)
            }
        }
        var seen: Set<OCIConfig.NamespaceKind> = []
        for (index, namespace) in (namespaces ?? []).enumerated()
        where !seen.insert(namespace.type).inserted {
            throw InvalidInput(
                "linux.namespaces[\(index)]", "\(namespace.type.rawValue) is there twice",
                allowed: "each type once")
        }
        _ = try personality?.value()
        _ = try timeOffsetLines()
        let propagation = rootfsPropagation ?? ""
        if !propagation.isEmpty, MountOptions.propagation(propagation) == nil {
            throw InvalidInput(
                "linux.rootfsPropagation", "'\(propagation.prefix(40))' is none",
                allowed: "shared, slave, private or unbindable")
        }
        try seccomp?.validate()
    }
}

extension OCIConfig.Seccomp {
    fileprivate func validate() throws(InvalidInput) {
        let path = "linux.seccomp.syscalls"
        try TextRule.count(syscalls?.count ?? 0, at: path, most: Limits.seccompRules)
        _ = try flagBits()
        try Self.validate(errno: defaultErrnoRet, at: "linux.seccomp.defaultErrnoRet")
        for (index, rule) in (syscalls ?? []).enumerated() {
            let path = "\(path)[\(index)]"
            try Self.validate(errno: rule.errnoRet, at: path + ".errnoRet")
            guard !rule.names.isEmpty else {
                throw InvalidInput(path + ".names", "is empty", allowed: "at least one system call")
            }
            try TextRule.count(rule.names.count, at: path + ".names", most: Limits.seccompNames)
            for (position, name) in rule.names.enumerated() {
                try TextRule.noNUL(name, at: "\(path).names[\(position)]")
            }
            for (position, condition) in (rule.args ?? []).enumerated() where condition.index > 5 {
                throw InvalidInput(
                    "\(path).args[\(position)].index", "\(condition.index) is no argument", allowed: "0 to 5")
            }
        }
    }

    /// The filter's return value has 12 bits for an errno; a larger one would be clamped to 4095 by the kernel.
    private static func validate(errno: UInt32?, at path: String) throws(InvalidInput) {
        if let errno, errno > 4095 {
            throw InvalidInput(path, "\(errno) is no errno", allowed: "0 to 4095")
        }
    }
}
