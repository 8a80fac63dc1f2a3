import Core
import OCI
import Sandbox

/// A configuration that is taken says the same when it is written and read again, and its plan is one that torpor-init's
/// bounds allow.
enum ConfigFuzz {
    static func run(_ bytes: [UInt8]) {
        guard var config = accepted({ try OCIConfig.parse(bytes) }) else { return }
        if let written = accepted({ try config.serialised() }) {
            expectThat(
                written.count > Limits.ociConfigBytes || accepted { try OCIConfig.parse(written) } == config,
                "what is written reads the same")
        }
        guard accepted({ try HonouredFields.check(config) }) != nil,
            let masks = accepted({ try config.process.capabilityMasks() }),
            let function = accepted({ try FunctionKey(name: "fuzz") })
        else { return }
        // The default filter takes most of the time, and depends on nothing but the capabilities.
        let filter =
            config.linux?.seccomp == nil
            ? [6, 0, 0, 0, 0, 0, 0, 0]
            : accepted { try SeccompCompiler.compile(config.linux?.seccomp, capabilities: masks.bounding) }
        guard let filter else { return }
        expectThat(filter.count % 8 == 0 && filter.count <= 8 * 4096, "a filter is at most 4096 instructions")
        if config.process.args?.isEmpty != false { config.process.args = ["/bin/true"] }
        for isRootless in [false, true] {
            var facts = HostFacts()
            facts.isRootless = isRootless
            let compiler = LaunchPlanCompiler(
                config: config, spec: FunctionSpec(), revision: RevisionID(function: function, number: 1),
                facts: facts)
            guard let plan = accepted({ try EncodedPlan(compiler.compile(seccomp: filter)) }) else {
                continue
            }
            expectThat(plan.bytes.count <= Limits.planBytes, "a plan has at most \(Limits.planBytes) bytes")
        }
    }
}
