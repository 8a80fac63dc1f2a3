internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Core

struct Scale: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Keep a number of instances by hand, or go back to automatic scaling.",
        discussion: "The number is kept until 'auto' or the next deploy. 0 puts the function to sleep now.")

    @OptionGroup var global: GlobalOptions
    @Argument(help: "NAME or NAME.NAMESPACE.", completion: Completion.functions) var name: String
    @Argument(help: "A number of instances, or auto.") var target: String

    func run() async throws {
        let key = try FunctionArgument.parse(name).key
        let target = try usage("N|auto") { () throws(InvalidInput) in try ScaleTarget(parsing: self.target) }
        let client = global.client
        let function = try await Explanation.suggesting(key, client) {
            try await client.scale(key, to: target)
        }
        try global.show(function) { "\(key): scale is \(List.scale(function.scale))\n" }
    }
}
