import Core
import OCI
import OCIRuntime
import Testing

/// The process that `exec` makes, from the container's own and what was asked for.
@Suite struct ExecRequestTests {
    private func config() -> OCIConfig {
        var config = OCIConfig.default(command: ["/bin/main"])
        config.process.env = ["A=1", "B=2"]
        config.process.cwd = "/work"
        config.process.user = .init(uid: 5, gid: 6)
        config.process.user?.umask = 0o077
        config.process.user?.additionalGids = [7]
        config.process.rlimits = [.init(type: "RLIMIT_CORE", soft: 1, hard: 2)]
        config.process.noNewPrivileges = false
        return config
    }

    private func process(
        _ command: [String] = ["ls", "-l"], _ edit: (inout ProcessChanges) -> Void = { _ in }
    ) throws -> OCIConfig.Process {
        var changes = ProcessChanges()
        edit(&changes)
        return try ExecRequest(id: try ContainerID("c1"), program: .command(command, changes))
            .process(in: config())
    }

    @Test func itIsLikeTheContainersOwn() throws {
        var expected = config().process
        expected.args = ["ls", "-l"]
        expected.terminal = false
        #expect(try process() == expected)
    }

    @Test func whatIsNamedDiffers() throws {
        let process = try process {
            $0.environment = ["B=3", "C="]
            $0.cwd = "/"
            $0.user = "8:9"
            $0.groups = [10]
            $0.capabilities = ["CAP_SYS_TIME", "net_admin"]
            $0.noNewPrivileges = true
            $0.terminal = true
        }
        #expect(process.env == ["A=1", "B=3", "C="])
        #expect(process.cwd == "/" && process.terminal == true && process.noNewPrivileges == true)
        #expect(process.user?.uid == 8 && process.user?.gid == 9)
        #expect(process.user?.umask == 0o077 && process.user?.additionalGids == [10])
        let own = try config().process.capabilityMasks()
        let masks = try process.capabilityMasks()
        let added = try CapabilitySet(names: ["CAP_SYS_TIME", "CAP_NET_ADMIN"], path: "")
        #expect(masks.effective == own.effective.union(added))
        #expect(masks.bounding == own.bounding.union(added) && masks.ambient == own.ambient.union(added))
    }

    @Test(arguments: ["a", "1:2:3", "-1", "1:", ""])
    func refusedUser(text: String) {
        let error = #expect(throws: InvalidInput.self) { try process { $0.user = text } }
        #expect(error?.path == "--user")
    }

    @Test func theRulesOfAConfigurationHoldForOptions() {
        let cwd = #expect(throws: InvalidInput.self) { try process { $0.cwd = "relative" } }
        #expect(cwd?.path == "process.cwd")
        let variable = #expect(throws: InvalidInput.self) { try process { $0.environment = ["nothing"] } }
        #expect(variable?.path == "process.env[2]")
        let capability = #expect(throws: InvalidInput.self) { try process { $0.capabilities = ["flying"] } }
        #expect(capability?.path == "--cap[0]")
        #expect(throws: InvalidInput.self) { try process([""]) }
    }

    private func described(_ text: String) throws -> OCIConfig.Process {
        try ExecRequest(id: try ContainerID("c1"), program: .described(Array(text.utf8))).process(
            in: config())
    }

    @Test func aDescriptionIsTheWholeProcess() throws {
        let process = try described(
            #"{"args": ["id"], "cwd": "/", "env": ["X=1"], "user": {"uid": 1, "gid": 2}}"#)
        #expect(process.args == ["id"] && process.env == ["X=1"] && process.user?.uid == 1)
        #expect(process.user?.additionalGids == nil && process.noNewPrivileges == nil)
        #expect(process.capabilities == config().process.capabilities)
        #expect(process.rlimits == config().process.rlimits)
    }

    @Test func aBadDescriptionIsRefusedByItsKey() {
        let missing = #expect(throws: InvalidInput.self) { try described(#"{"args": ["id"]}"#) }
        #expect(missing?.path == "process.cwd")
        #expect(throws: InvalidInput.self) { try described("{") }
        #expect(throws: InvalidInput.self) { try described("[]") }
    }
}
