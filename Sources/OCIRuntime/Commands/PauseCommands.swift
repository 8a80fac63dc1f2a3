internal import ArgumentParser
internal import Core

struct PauseCommand: RuntimeCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Freeze all processes of a container.")

    @ParentCommand var program: RuntimeProgram
    @Argument(help: "The container's id.") var id: String

    func perform(_ context: RuntimeContext) throws -> Int32 {
        try ContainerFreezer.pause(try context.root.open(try ContainerID(id)))
        return 0
    }
}

struct ResumeCommand: RuntimeCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Let the processes of a paused container go on.")

    @ParentCommand var program: RuntimeProgram
    @Argument(help: "The container's id.") var id: String

    func perform(_ context: RuntimeContext) throws -> Int32 {
        try ContainerFreezer.resume(try context.root.open(try ContainerID(id)))
        return 0
    }
}
