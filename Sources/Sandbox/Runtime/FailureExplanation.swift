internal import Core
internal import Glibc
internal import LinuxSystem

/// Turns a step that torpor-init could not do into what a user can act upon.
struct FailureExplanation: Sendable {
    let prepared: PreparedRevision
    let instance: InstanceID

    /// - Parameter program: what was to be started; nil is the function's own command.
    func callAsFunction(_ failure: InitFailure, program: String?) -> InstanceFailure {
        let program = program ?? prepared.program
        guard let stage = failure.stage else {
            let step = Int(failure.step)
            let what =
                prepared.summaries.indices.contains(step) ? prepared.summaries[step] : "read the launch plan"
            return sandboxFailed("cannot \(what): \(reason(failure.code))")
        }
        switch (stage, failure.code) {
        case (.exec, ENOENT):
            return make(
                "CommandNotFound",
                "the image has no command '\(program)', or not the interpreter that it needs")
        case (.exec, EACCES), (.exec, ENOEXEC), (.exec, EISDIR), (.exec, EPERM):
            return make(
                "NotExecutable", "'\(program)' cannot be executed: \(reason(failure.code))")
        case (.exec, let code):
            return make("NotExecutable", "cannot start '\(program)': \(reason(code))")
        case (.directory, let code):
            return sandboxFailed("cannot enter the working directory: \(reason(code))")
        case (.calls, let code):
            let purposes = prepared.callPurposes
            let what =
                purposes.indices.contains(failure.call) ? purposes[failure.call] : "prepare the process"
            return sandboxFailed("cannot \(what): \(reason(code))")
        case (let stage, let code):
            return sandboxFailed("cannot set the process's \(stage): \(reason(code))")
        }
    }

    private func reason(_ code: Int32) -> String { KernelError("", code: code).reason }

    private func make(_ cause: String, _ message: String) -> InstanceFailure {
        InstanceFailure(phase: .start, cause: cause, message: message, instance: instance)
    }

    private func sandboxFailed(_ message: String) -> InstanceFailure {
        InstanceFailure(phase: .create, cause: "SandboxFailed", message: message, instance: instance)
    }
}
