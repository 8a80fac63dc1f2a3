internal import LinuxSystem

extension EmbeddedProgram {
    /// PID 1 of every container.
    static let initProgram = EmbeddedProgram(name: "torpor-init", base64: TorporInitProgram.base64)
}
