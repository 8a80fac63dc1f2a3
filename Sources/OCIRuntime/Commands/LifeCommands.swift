internal import ArgumentParser
internal import Core

struct StartCommand: RuntimeCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Start the program of a container that was created.")

    @ParentCommand var program: RuntimeProgram
    @Argument(help: "The container's id.") var id: String

    func perform(_ context: RuntimeContext) throws -> Int32 {
        try ContainerStarter(warn: context.warn).start(try context.root.open(try ContainerID(id)))
        return 0
    }
}

struct KillCommand: RuntimeCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill", abstract: "Send a signal to a container's first process.")

    @ParentCommand var program: RuntimeProgram
    @Flag(name: .shortAndLong, help: "To all of its processes.") var all = false
    @Argument(help: "The container's id.") var id: String
    @Argument(help: "The signal, such as TERM, SIGTERM or 15.") var signal: String = "TERM"

    func perform(_ context: RuntimeContext) throws -> Int32 {
        let signal = try SignalNumber(signal)
        try ContainerSignal.send(signal, to: try context.root.open(try ContainerID(id)), all: all)
        return 0
    }
}

struct DeleteCommand: RuntimeCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Remove what is left of a container that has ended.")

    @ParentCommand var program: RuntimeProgram
    @Flag(name: .shortAndLong, help: "Kill it where it runs; one that does not exist is no error.")
    var force = false
    @Argument(help: "The container's id.") var id: String

    func perform(_ context: RuntimeContext) throws -> Int32 {
        let id = try ContainerID(id)
        guard let directory = try context.root.find(id) else {
            if force { return 0 }
            throw RuntimeFailure("container \(id) does not exist")
        }
        try ContainerRemover(warn: context.warn).remove(directory, force: force)
        return 0
    }
}
