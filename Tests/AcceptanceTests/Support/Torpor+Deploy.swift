import ControlAPI
import Core
import Foundation

extension Torpor {
    /// Deploys the function that behaves as it is told. Unless a test says otherwise it is neither frozen nor stopped
    /// for idleness, and gets ten seconds to start.
    /// - Throws: `ControlError` as the daemon gave it.
    @discardableResult
    func deploy(
        _ name: String, rootfs: String? = nil, environment: [String: String] = [:], wait: Bool = true,
        adjust: (inout FunctionSpec) -> Void = { _ in }
    ) throws -> FunctionView {
        var spec = FunctionSpec()
        spec.command = ["/bin/behave"]
        spec.environment = environment
        spec.startTimeout = .seconds(10)
        spec.scale.freezeAfter = .never
        spec.scale.stopAfter = .never
        adjust(&spec)
        return try deploy(
            DeployRequest(
                key: FunctionKey(reference: name), source: .rootfs(path: rootfs ?? Programs.rootfs.get()),
                spec: spec,
                wait: wait))
    }

    /// The same for a bundle, which must have been written.
    @discardableResult
    func deploy(
        _ name: String, bundle: OCIBundle, environment: [String: String] = [:],
        adjust: (inout FunctionSpec) -> Void = { _ in }
    ) throws -> FunctionView {
        var spec = FunctionSpec()
        spec.environment = environment
        spec.startTimeout = .seconds(10)
        spec.scale.freezeAfter = .never
        spec.scale.stopAfter = .never
        adjust(&spec)
        return try deploy(
            DeployRequest(key: FunctionKey(reference: name), source: .bundle(path: bundle.path), spec: spec))
    }

    @discardableResult
    func deploy(_ request: DeployRequest) throws -> FunctionView {
        try decoded(FunctionView.self, control(.deployFunction, body: ControlCoding.encode(request)))
    }

    /// What a deploy is refused with.
    /// - Throws: `TestFailure` when it is not refused.
    func refusal(_ deploy: () throws -> FunctionView) throws -> ControlError {
        do {
            let view = try deploy()
            throw TestFailure("'\(view.name)' was deployed, and should have been refused")
        } catch let error as ControlError {
            return error
        }
    }

    /// The one instance of a function.
    func instance(of name: String) throws -> InstanceView {
        let instances = try describe(name).instances
        guard instances.count == 1 else {
            throw TestFailure("\(instances.count) instances of \(name), not one")
        }
        return instances[0]
    }

    func waitUntil(_ name: String, is status: FunctionStatus, within limit: Duration = .seconds(10)) throws {
        try becomesTrue("'\(name)' \(status.rawValue)", within: limit) {
            try describe(name).function.status == status
        }
    }

    /// Puts a function to sleep and waits until no process of it is left.
    func putToSleep(_ name: String) throws {
        let processes = try describe(name).instances.compactMap(\.pid)
        try scale(name, .count(0))
        try becomesTrue("'\(name)' at zero") { try describe(name).function.instances.total == 0 }
        for process in processes where Leftovers.isAlive(process) {
            throw TestFailure("process \(process) of '\(name)' is still there")
        }
    }
}
