/// Which module may import which: docs/architecture.md as data. A module imports only what stands below it.
enum ImportRules {
    /// The package's own modules, bottom first; each with the modules and libraries that it may import.
    static let allowed: [String: Set<String>] = [
        "Core": ["Synchronization"],
        "Scaling": ["Core"],
        "OCI": ["Core", "FoundationEssentials"],
        "Manifest": ["Core", "Yams"],
        "HTTPWire": [],
        "TarFormat": [],
        "LinuxSystem": ["CLinux", "Glibc", "Synchronization"],
        "CopyProgram": ["LinuxSystem"],
        "Sandbox": ["Core", "OCI", "LinuxSystem", "CLinux", "CSeccomp", "Glibc", "Synchronization"],
        "OCIRuntime": [
            "Core", "OCI", "LinuxSystem", "CLinux", "Sandbox", "ArgumentParser", "FoundationEssentials",
            "Glibc",
            "Synchronization",
        ],
        "Networking": ["Core", "LinuxSystem", "CLinux", "CNetlink", "Glibc", "Synchronization"],
        "Logs": ["Core", "LinuxSystem", "CLinux", "Glibc", "Synchronization"],
        "Images": [
            "Core", "OCI", "TarFormat", "LinuxSystem", "CLinux", "Crypto", "Glibc", "Synchronization",
        ],
        "Secrets": ["Core", "LinuxSystem", "Crypto", "FoundationEssentials", "Synchronization"],
        "Store": ["Core", "GRDB", "FoundationEssentials", "Synchronization"],
        "Orchestrator": ["Core", "Scaling", "Logging", "DequeModule", "HeapModule", "Synchronization"],
        "Gateway": [
            "Core", "HTTPWire", "LinuxSystem", "NIOCore", "NIOPosix", "Logging", "DequeModule", "Glibc",
            "Synchronization",
        ],
        "NameService": ["Core", "NIOCore", "NIOPosix", "Logging", "Synchronization"],
        "ControlAPI": ["Core", "FoundationEssentials"],
        "ControlServer": [
            "Core", "ControlAPI", "LinuxSystem", "Hummingbird", "HummingbirdCore", "NIOCore", "Logging",
            "ServiceLifecycle", "FoundationEssentials", "Synchronization",
        ],
        "ControlClient": [
            "Core", "ControlAPI", "LinuxSystem", "NIOCore", "NIOPosix", "NIOHTTP1",
            "FoundationEssentials", "Synchronization",
        ],
        "Daemon": [
            "Core", "OCI", "LinuxSystem", "CopyProgram", "Sandbox", "Networking", "Logs", "Images", "Secrets",
            "Store",
            "Orchestrator", "Gateway", "HTTPWire", "NameService", "ControlAPI", "ControlServer",
            "ArgumentParser",
            "ServiceLifecycle",
            "UnixSignals",
            "Logging", "Crypto",
            "Yams", "FoundationEssentials", "Synchronization",
        ],
        "CommandLineTool": [
            "Core", "Manifest", "ControlAPI", "ControlClient", "LinuxSystem", "CopyProgram", "ArgumentParser",
            "NIOCore",
            "NIOPosix",
            "NIOHTTP1", "Foundation", "FoundationEssentials", "Glibc", "Synchronization",
        ],
        "torpord": ["Daemon"],
        "torpor": ["CommandLineTool", "Glibc"],
        "torpor-oci": ["OCIRuntime", "Glibc"],
    ]

    /// Who may call C. The gateway needs Glibc's constants for what NIO reports, the command line its terminal.
    static let cModules: Set<String> = ["CLinux", "CSeccomp", "CNetlink", "Glibc", "Musl"]
    static let callersOfC: Set<String> = [
        "LinuxSystem", "Sandbox", "OCIRuntime", "Networking", "Logs", "Images", "Gateway", "CommandLineTool",
        "torpor", "torpor-oci",
    ]

    /// The modules that a source imports.
    static func imports(of file: SourceFile) -> [String] {
        file.lines.compactMap { line in
            let words = line.code.split { $0 == " " || $0 == ";" }
            guard let keyword = words.firstIndex(of: "import"),
                words[..<keyword].allSatisfy({ $0.hasPrefix("@") || accessLevels.contains(String($0)) })
            else { return nil }
            var rest = words[(keyword + 1)...]
            if let kind = rest.first, declarationKinds.contains(String(kind)) { rest = rest.dropFirst() }
            return rest.first?.split(separator: ".").first.map(String.init)
        }
    }

    static func violations(in file: SourceFile) -> [String] {
        guard let module = file.module else { return [] }
        guard let permitted = allowed[module] else {
            return ["\(file.path): \(module) has no line in ImportRules.allowed"]
        }
        return imports(of: file).compactMap { imported in
            permitted.contains(imported) ? nil : "\(file.path): \(module) may not import \(imported)"
        }
    }

    private static let accessLevels: Set<String> = [
        "public", "package", "internal", "fileprivate", "private", "open",
    ]
    private static let declarationKinds: Set<String> = [
        "struct", "class", "enum", "protocol", "func", "var", "let", "typealias",
    ]
}
