internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Core
internal import Manifest

struct Diff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what 'apply' would change, field by field.",
        discussion: """
            Everything is checked as a deploy would be, and nothing is done. '+' is set, '-' goes back to its default, \
            '~' changes. The exit status is 0 whether or not something differs.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var manifests: ManifestOption
    @Flag(help: "Also show what 'apply --prune' would remove.") var prune = false

    func run() async throws {
        let functions = try manifests.read()
        let client = global.client
        var surplus: [FunctionKey] = []
        if prune {
            let there = try await ThereAlready(client, namespaces: Set(functions.map(\.key.namespace)))
            surplus = there.surplus(over: functions.map(\.key))
        }
        let plan = await ManifestPlan.make(functions, surplus, global.deployer)
        try global.show(plan) { plan.text(fields: true) }
        try plan.check()
    }
}
