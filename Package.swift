// swift-tools-version: 6.2
import PackageDescription

// The layers of docs/architecture.md, bottom first. A target imports only what stands above it in this file;
// Tests/ArchitectureTests keeps that true.

let swift: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let nio = "swift-nio"

/// C that runs in the daemon. What is C and runs elsewhere is compiled by Sources/TorporInit/build.
let hardenedC: [CSetting] = [
    .define("_GNU_SOURCE"), .define("_FORTIFY_SOURCE", to: "2", .when(configuration: .release)),
    .unsafeFlags(["-fstack-protector-strong", "-fstack-clash-protection"]),
]
/// No table of functions stays writable.
let hardenedProgram: [LinkerSetting] = [
    .unsafeFlags(["-Xlinker", "-z", "-Xlinker", "relro", "-Xlinker", "-z", "-Xlinker", "now"])
]

let package = Package(
    name: "torpor",
    products: [
        .executable(name: "torpord", targets: ["torpord"]),
        .executable(name: "torpor", targets: ["torpor"]),
        .executable(name: "torpor-oci", targets: ["torpor-oci"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // Pure values: no I/O, no clock.
        .target(name: "Core", swiftSettings: swift),
        .target(name: "Scaling", dependencies: ["Core"], swiftSettings: swift),
        .target(name: "OCI", dependencies: ["Core"], swiftSettings: swift),
        .target(
            name: "Manifest", dependencies: ["Core", .product(name: "Yams", package: "Yams")],
            swiftSettings: swift),
        .target(name: "HTTPWire", swiftSettings: swift),
        .target(name: "TarFormat", swiftSettings: swift),

        // The kernel, typed.
        .target(name: "CLinux", cSettings: hardenedC),
        .systemLibrary(
            name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
        .systemLibrary(
            name: "CNetlink", pkgConfig: "libnl-route-3.0", providers: [.apt(["libnl-route-3-dev"])]),
        .target(name: "LinuxSystem", dependencies: ["CLinux"], swiftSettings: swift),

        // Adapters, one per port of Core.
        .plugin(name: "BuildInit", capability: .buildTool()),
        .target(
            name: "CopyProgram", dependencies: ["LinuxSystem"], swiftSettings: swift, plugins: ["BuildInit"]),
        .target(
            name: "Sandbox", dependencies: ["Core", "OCI", "LinuxSystem", "CLinux", "CSeccomp"],
            swiftSettings: swift, plugins: ["BuildInit"]),
        .target(
            name: "OCIRuntime",
            dependencies: [
                "Core", "OCI", "LinuxSystem", "CLinux", "Sandbox",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: swift, plugins: ["BuildInit"]),
        // Not `Network`: packages ask canImport(Network) for Apple's framework.
        .target(
            name: "Networking", dependencies: ["Core", "LinuxSystem", "CLinux", "CNetlink"],
            swiftSettings: swift),
        .target(name: "Logs", dependencies: ["Core", "LinuxSystem", "CLinux"], swiftSettings: swift),
        .target(
            name: "Images",
            dependencies: [
                "Core", "OCI", "TarFormat", "LinuxSystem", "CLinux",
                .product(name: "Crypto", package: "swift-crypto"),
            ], swiftSettings: swift),
        .target(
            name: "Secrets",
            dependencies: ["Core", "LinuxSystem", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: swift),
        .target(
            name: "Store", dependencies: ["Core", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: swift),

        // What decides.
        .target(
            name: "Orchestrator",
            dependencies: [
                "Core", "Scaling", .product(name: "Logging", package: "swift-log"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
            ], swiftSettings: swift),
        .target(
            name: "Gateway",
            dependencies: [
                "Core", "HTTPWire", "LinuxSystem", .product(name: "NIOCore", package: nio),
                .product(name: "NIOPosix", package: nio), .product(name: "Logging", package: "swift-log"),
                .product(name: "DequeModule", package: "swift-collections"),
            ], swiftSettings: swift),
        .target(
            name: "NameService",
            dependencies: [
                "Core", .product(name: "NIOCore", package: nio), .product(name: "NIOPosix", package: nio),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: swift),
        .target(name: "ControlAPI", dependencies: ["Core"], swiftSettings: swift),
        .target(
            name: "ControlServer",
            dependencies: [
                "Core", "ControlAPI", "LinuxSystem", .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "NIOCore", package: nio), .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: swift),
        .target(
            name: "ControlClient",
            dependencies: [
                "Core", "ControlAPI", "LinuxSystem", .product(name: "NIOCore", package: nio),
                .product(name: "NIOPosix", package: nio), .product(name: "NIOHTTP1", package: nio),
            ], swiftSettings: swift),

        // Wiring, and the programs.
        .target(
            name: "Daemon",
            dependencies: [
                "Core", "OCI", "LinuxSystem", "CopyProgram", "Sandbox", "Networking", "Logs", "Images",
                "Secrets", "Store", "Orchestrator", "Gateway", "HTTPWire", "NameService",
                "ControlAPI", "ControlServer",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Logging", package: "swift-log"), .product(name: "Yams", package: "Yams"),
            ], swiftSettings: swift),
        .target(
            name: "CommandLineTool",
            dependencies: [
                "Core", "Manifest", "ControlAPI", "ControlClient", "LinuxSystem", "CopyProgram",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "NIOCore", package: nio), .product(name: "NIOPosix", package: nio),
                .product(name: "NIOHTTP1", package: nio),
            ], swiftSettings: swift),
        .executableTarget(
            name: "torpord", dependencies: ["Daemon"], swiftSettings: swift, linkerSettings: hardenedProgram),
        .executableTarget(
            name: "torpor", dependencies: ["CommandLineTool"], swiftSettings: swift,
            linkerSettings: hardenedProgram),
        .executableTarget(
            name: "torpor-oci", dependencies: ["OCIRuntime"], swiftSettings: swift,
            linkerSettings: hardenedProgram),

        // Unit and simulation: no privileges.
        .testTarget(name: "ArchitectureTests", swiftSettings: swift),
        .testTarget(name: "CoreTests", dependencies: ["Core"], swiftSettings: swift),
        .testTarget(name: "OCITests", dependencies: ["Core", "OCI"], swiftSettings: swift),
        .testTarget(name: "ManifestTests", dependencies: ["Core", "Manifest"], swiftSettings: swift),
        .testTarget(name: "HTTPWireTests", dependencies: ["HTTPWire"], swiftSettings: swift),
        .testTarget(
            name: "OrchestratorTests",
            dependencies: [
                "Core", "Scaling", "Orchestrator", .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swift),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "Core", "HTTPWire", "LinuxSystem", "Gateway", .product(name: "NIOCore", package: nio),
                .product(name: "NIOPosix", package: nio), .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: swift),
        .testTarget(
            name: "NameServiceTests",
            dependencies: [
                "Core", "NameService", .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: swift),
        .testTarget(
            name: "CopyProgramTests", dependencies: ["CopyProgram", "LinuxSystem"], swiftSettings: swift),
        .testTarget(name: "LinuxSystemTests", dependencies: ["LinuxSystem"], swiftSettings: swift),
        .testTarget(name: "SeccompTests", dependencies: ["Core", "OCI", "Sandbox"], swiftSettings: swift),
        .testTarget(
            name: "SandboxTests", dependencies: ["Core", "OCI", "LinuxSystem", "CLinux", "Sandbox"],
            swiftSettings: swift),
        .testTarget(
            name: "OCIRuntimeTests", dependencies: ["Core", "OCI", "OCIRuntime", "Sandbox"],
            swiftSettings: swift),
        .testTarget(
            name: "ImagesTests", dependencies: ["Core", "OCI", "LinuxSystem", "Images"], swiftSettings: swift),
        .testTarget(
            name: "SecretsTests", dependencies: ["Core", "LinuxSystem", "Secrets"], swiftSettings: swift),
        .testTarget(
            name: "StoreTests",
            dependencies: ["Core", "Store", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: swift),
        .testTarget(
            name: "NetworkingTests", dependencies: ["Core", "LinuxSystem", "Networking"], swiftSettings: swift
        ),
        .testTarget(name: "LogsTests", dependencies: ["Core", "LinuxSystem", "Logs"], swiftSettings: swift),
        .testTarget(
            name: "ControlTests",
            dependencies: [
                "Core", "ControlAPI", "ControlServer", "ControlClient",
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "NIOCore", package: nio), .product(name: "NIOPosix", package: nio),
                .product(name: "NIOHTTP1", package: nio), .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: swift),
        .testTarget(
            name: "CommandLineToolTests",
            dependencies: ["Core", "ControlAPI", "Manifest", "CommandLineTool"],
            swiftSettings: swift),
        .testTarget(
            name: "DaemonTests",
            dependencies: [
                "Core", "LinuxSystem", "Daemon",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: swift),

        // Integration: root, or root of an unprivileged user namespace.
        .testTarget(
            name: "SandboxPrivilegedTests",
            dependencies: ["Core", "OCI", "LinuxSystem", "CLinux", "Sandbox"], exclude: ["Probes"],
            swiftSettings: swift),
        .testTarget(
            name: "OCIRuntimePrivilegedTests",
            dependencies: ["Core", "OCI", "LinuxSystem", "CLinux", "Sandbox", "OCIRuntime"],
            swiftSettings: swift),
        .testTarget(
            name: "NetworkingPrivilegedTests", dependencies: ["Core", "LinuxSystem", "CLinux", "Networking"],
            swiftSettings: swift),
        .testTarget(
            name: "AcceptanceTests",
            dependencies: [
                "Core", "ControlAPI", "Manifest", .product(name: "GRDB", package: "GRDB.swift"),
            ], exclude: ["Functions"], swiftSettings: swift),
    ]
)

// What fuzzing calls (Tests/FuzzTests): an ordinary test that replays its corpus or, when scripts/fuzz asks, libFuzzer's
// program.
let fuzzed: [Target.Dependency] = [
    "Core", "OCI", "Manifest", "HTTPWire", "TarFormat", "Sandbox", "ControlAPI",
]
package.targets.append(
    Context.environment["TORPOR_FUZZ"] != nil
        ? .executableTarget(
            name: "fuzz", dependencies: fuzzed, path: "Tests/FuzzTests",
            exclude: ["ReplayTests.swift", "Corpus", "C"], swiftSettings: swift)
        : .testTarget(
            name: "FuzzTests", dependencies: fuzzed, exclude: ["Fuzzer.swift", "Corpus", "C"],
            swiftSettings: swift))
