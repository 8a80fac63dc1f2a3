internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Core
internal import Manifest

struct Apply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Deploy the functions of manifests.",
        discussion: """
            Several manifests are one plan: all of it is read and checked before anything is deployed. --prune removes \
            everything that any manifest ever deployed to the namespaces of this plan and that this plan does not have; \
            what was deployed by hand stays. It lists that and asks first.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var manifests: ManifestOption
    @Flag(help: "Do not wait until the revisions take requests.") var noWait = false
    @Flag(help: "Remove what any manifest deployed to the same namespaces and these do not have.")
    var prune = false
    @Flag(name: [.short, .long], help: "Do not ask before --prune removes.") var yes = false
    @Flag(help: "Check everything, tell what would be done, and do nothing.") var dryRun = false

    func run() async throws {
        // Everything is read and checked before anything is deployed.
        let functions = try manifests.read()
        let client = global.client
        let there = try await ThereAlready(client, namespaces: Set(functions.map(\.key.namespace)))
        let surplus = prune ? there.surplus(over: functions.map(\.key)) : []
        if dryRun {
            let plan = await ManifestPlan.make(functions, surplus, global.deployer)
            try global.show(plan) { plan.text(fields: false) }
            return try plan.check()
        }
        if !surplus.isEmpty, !yes { try Self.ask(surplus) }
        var result = Applied()
        var problems: [String] = []
        for function in functions {
            var request = function.request
            request.wait = !noWait
            request.ifGeneration = there.generation(of: function.key)
            do {
                result.functions.append(
                    try await Rollouts.explaining(request.key, client) { [request] in
                        try await global.deployer.deploy(request)
                    })
            } catch ClientError.refused(let error) {
                problems.append("\(function.key): \(error)")
            } catch let error as ToolFailure {
                problems.append(error.description)
            }
        }
        if !problems.isEmpty, !surplus.isEmpty {
            problems.append("nothing was removed, as not everything was deployed")
        } else {
            for key in surplus {
                do {
                    try await client.remove(key, ifGeneration: there.generation(of: key))
                    result.removed.append(key.description)
                } catch ClientError.refused(let error) {
                    problems.append("\(key): \(error)")
                }
            }
        }
        try global.show(result) { result.text(there) }
        if !problems.isEmpty { throw ToolFailure(problems.joined(separator: "\ntorpor: ")) }
    }

    private struct Applied: Encodable {
        var functions: [FunctionView] = []
        var removed: [String] = []

        func text(_ there: ThereAlready) -> String {
            functions.map { function in
                let before = there.generation(of: function)
                return
                    "\(function.name).\(function.namespace): \(Rollouts.outcome(function, before: before))\n"
            }.joined() + removed.map { "\($0): removed\n" }.joined()
        }
    }

    private static func ask(_ surplus: [FunctionKey]) throws {
        let list = surplus.map { "\($0): would be removed\n" }.joined()
        let count = surplus.count == 1 ? "1 function" : "\(surplus.count) functions"
        try Confirmation.ask(
            "\(list)Deployed by a manifest, and in none of these: remove \(count)?",
            unasked: """
                nothing was done: --prune would remove \(count): \(surplus.map(\.description).joined(separator: ", "))
                say --yes where nobody can be asked, or --dry-run to look
                """,
            refused: "nothing was done")
    }
}
