package import LinuxSystem

/// `torpor-copy` (Sources/TorporCopy): the program that is each side of `torpor cp`. The one side writes a tree of files as
/// a tar archive to its standard output, the other makes files of what comes in on its standard input; what goes wrong is a
/// line each on standard error.
package enum CopyProgram {
    /// The program in memory, for one run: a container that runs it shares it with nobody.
    package static func sealed() throws(KernelError) -> OwnedFD {
        try EmbeddedProgram(name: "torpor-copy", base64: TorporCopyProgram.base64).sealed()
    }

    /// Runs it on this host.
    /// - Parameter input, output, errors: lent for the time of the call.
    package static func run(
        _ work: CopyWork, input: Int32?, output: Int32?, errors: Int32
    ) throws(KernelError) -> SpawnedTool {
        let program = try sealed()
        return try SpawnedTool(
            ["/proc/self/fd/\(program.raw)"] + work.arguments, input: input, output: output, errors: errors)
    }
}

/// What one run of `torpor-copy` does.
package enum CopyWork: Sendable, Hashable {
    /// Writes the archive of what is at the path.
    /// - Parameters:
    ///   - top: what a directory is called in the archive; a file always has its own name.
    ///   - followsLink: a link at the path stands for what it names.
    case create(path: String, top: String, followsLink: Bool)
    /// Makes files of an archive.
    /// - Parameters:
    ///   - name: what the one file, or the directory `.`, of the archive is called in a directory that is there; `.` takes
    ///     what is in the directory, not itself. Nil takes any archive, into a directory that must be there.
    ///   - keepsOwners: numbers of users and groups, where whoever it runs as may set them.
    ///   - keepsSetID: modes that make a program run as its owner.
    case extract(path: String, name: String?, keepsOwners: Bool, keepsSetID: Bool)

    /// Of the program, without its own name.
    package var arguments: [String] {
        switch self {
        case .create(let path, let top, let follows): ["create", path, top, follows ? "L" : ""]
        case .extract(let path, let name, let keepsOwners, let keepsSetID):
            ["extract", path, name ?? "", (keepsOwners ? "o" : "") + (keepsSetID ? "s" : "")]
        }
    }
}

/// How the program ended, beside 0 for all is well.
package enum CopyStatus {
    /// Something was not copied; it has said what.
    package static let told: Int32 = 1
    /// The input is no archive, or ends too early.
    package static let noArchive: Int32 = 3
    /// Nobody reads its output any more.
    package static let noReader: Int32 = 4
}
