internal import LinuxSystem

extension EmbeddedProgram {
    /// The first process of every container, until it becomes the program.
    static let stage = EmbeddedProgram(name: "torpor-stage", base64: TorporStageProgram.base64)
}
