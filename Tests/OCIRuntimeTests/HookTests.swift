import Core
import OCI
import OCIRuntime
import Testing

/// Hooks are ordinary programs: these run as anybody.
@Suite struct HookTests {
    private let state = StateDocument(
        ociVersion: "1.2.0", id: "c1", status: .creating, pid: 0, bundle: "/tmp", annotations: ["a": "b"])

    private func runner(_ kind: HookKind, _ hooks: [OCIConfig.Hook]) -> HookRunner {
        var all = OCIConfig.Hooks()
        switch kind {
        case .prestart: all.prestart = hooks
        case .createRuntime: all.createRuntime = hooks
        case .createContainer: all.createContainer = hooks
        case .startContainer: all.startContainer = hooks
        case .poststart: all.poststart = hooks
        case .poststop: all.poststop = hooks
        }
        return HookRunner(all, state: state)
    }

    private func shell(_ script: String, env: [String]? = nil, timeout: Int? = nil) -> OCIConfig.Hook {
        OCIConfig.Hook(path: "/bin/sh", args: ["sh", "-c", script], env: env, timeout: timeout)
    }

    /// What a hook says is heard when it fails.
    private func said(_ kind: HookKind, _ hook: OCIConfig.Hook) throws -> String {
        do {
            try runner(kind, [hook]).run(kind, pid: 42) { _ in }
        } catch { return error.description }
        return ""
    }

    @Test(
        arguments: [
            (HookKind.prestart, "creating"), (.createRuntime, "creating"), (.createContainer, "creating"),
            (.startContainer, "created"),
        ])
    func theStateIsOnStandardInput(kind: HookKind, status: String) throws {
        let text = try said(kind, shell("cat; exit 3"))
        #expect(
            text == """
                hooks.\(kind.rawValue)[0] (/bin/sh): ended with status 3: {"annotations":{"a":"b"},"bundle":"/tmp",\
                "id":"c1","ociVersion":"1.2.0","pid":42,"status":"\(status)"}
                """)
    }

    @Test func theEnvironmentIsWhatTheHookSays() throws {
        let hook = OCIConfig.Hook(
            path: "/usr/bin/env", args: ["env", "-v", "-S", "nothing-such"], env: ["A=1", "B=2"])
        #expect(try said(.prestart, hook).contains("nothing-such"))
        let text = try said(.prestart, shell("/usr/bin/env >&2; exit 1", env: ["A=1"]))
        #expect(text.contains("A=1") && !text.contains("PATH=/") && !text.contains("HOME="))
    }

    @Test func itStandsInTheBundleAndHasNoFurtherDescriptor() throws {
        let text = try said(.prestart, shell("pwd; ls /proc/self/fd; exit 1", env: ["PATH=/bin:/usr/bin"]))
        #expect(text.hasSuffix("/tmp; 0; 1; 2; 3"), "3 is the directory that ls itself reads: \(text)")
    }

    @Test func theFirstFailureIsTheLastHook() throws {
        let first = shell("exit 7")
        let second = shell("echo never > /tmp/torpor-hook-never")
        let failure = #expect(throws: HookFailure.self) {
            try runner(.createRuntime, [first, second]).run(.createRuntime, pid: 1) { _ in }
        }
        #expect(failure?.description == "hooks.createRuntime[0] (/bin/sh): ended with status 7")
    }

    @Test(arguments: [HookKind.poststart, .poststop])
    func afterTheFactAFailureIsAWarning(kind: HookKind) throws {
        var warnings: [String] = []
        try runner(kind, [shell("echo no; exit 7"), shell("kill -9 $$")]).run(kind, pid: 1) {
            warnings.append($0)
        }
        #expect(
            warnings == [
                "hooks.\(kind.rawValue)[0] (/bin/sh): ended with status 7: no",
                "hooks.\(kind.rawValue)[1] (/bin/sh): was ended by signal 9",
            ])
    }

    @Test func oneThatRunsTooLongIsKilledWithWhatItStarted() throws {
        let begun = ContinuousClock.now
        let text = try said(.prestart, shell("echo slow; sleep 60 & sleep 60", timeout: 1))
        #expect(text.hasSuffix("was killed, since it ran longer than 1 s: slow"))
        #expect(ContinuousClock.now - begun < .seconds(20))
    }

    /// What keeps the streams is not waited for.
    @Test func whatAHookLeavesBehindIsNotWaitedFor() throws {
        let begun = ContinuousClock.now
        try runner(.prestart, [shell("sleep 5 & exit 0")]).run(.prestart, pid: 1) { _ in }
        #expect(ContinuousClock.now - begun < .seconds(4))
    }

    @Test func aFloodIsCut() throws {
        let text = try said(.prestart, shell("yes x | head -c 1000000; echo the end; exit 1"))
        #expect(text.hasSuffix("the end") && text.utf8.count < Limits.hookMessageBytes * 2 + 200)
    }

    @Test func oneThatIsNotThereIsNamed() throws {
        let text = try said(.prestart, OCIConfig.Hook(path: "/no/such/hook"))
        #expect(text == "hooks.prestart[0] (/no/such/hook): start /no/such/hook: No such file or directory")
    }

    @Test(
        arguments: [
            (OCIConfig.Hook(path: "hook"), "hooks.prestart[1].path"),
            (OCIConfig.Hook(path: "/h", timeout: 0), "hooks.prestart[1].timeout"),
            (OCIConfig.Hook(path: "/h", timeout: -1), "hooks.prestart[1].timeout"),
            (OCIConfig.Hook(path: "/h", args: ["a\0"]), "hooks.prestart[1]"),
        ])
    func whatCannotWorkIsRefused(hook: OCIConfig.Hook, path: String) {
        var hooks = OCIConfig.Hooks()
        hooks.prestart = [OCIConfig.Hook(path: "/bin/true"), hook]
        let error = #expect(throws: InvalidInput.self) { try hooks.check() }
        #expect(error?.path == path)
    }
}
