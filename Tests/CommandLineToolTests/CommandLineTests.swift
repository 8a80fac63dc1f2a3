import CommandLineTool
import ControlAPI
import Core
import Foundation
import Synchronization
import Testing

/// Runs the tool in a process of nobody's: output is kept, the socket is where nothing listens.
struct Run {
    var status: Int32
    var output: String
    var errors: String

    init(_ arguments: String..., input: String = "") async {
        await self.init(list: arguments, input: input)
    }

    init(list arguments: [String], input: String = "", environment: [String: String] = [:]) async {
        let output = Mutex("")
        let errors = Mutex("")
        let rest = Mutex(input.isEmpty ? nil : Array(input.utf8))
        let context = ToolContext(
            environment: ["TORPOR_SOCKET": "/nonexistent/torpor.sock"].merging(environment) { _, new in new },
            directory: "/work", now: { Timestamp(unixSeconds: 1_700_000_000) },
            output: { text in output.withLock { $0 += text } },
            outputBytes: { bytes in output.withLock { $0 += String(decoding: bytes, as: UTF8.self) } },
            errorOutput: { text in errors.withLock { $0 += text } },
            input: {
                rest.withLock { value in
                    defer { value = nil }
                    return value
                }
            }, inputIsTerminal: { true })
        status = await CommandLineTool.run(arguments, in: context)
        self.output = output.withLock { $0 }
        self.errors = errors.withLock { $0 }
    }
}

@Suite struct CommandLineTests {
    @Test func helpAndVersionAreNoErrors() async {
        let help = await Run("--help")
        #expect(help.status == 0 && help.errors.isEmpty)
        for command in ["deploy", "apply", "list", "describe", "invoke", "logs", "scale", "remove", "system"]
        {
            #expect(help.output.contains("  \(command)"))
        }
        let version = await Run("--version")
        #expect(version.status == 0 && version.output == TorporVersion.current + "\n")
    }

    @Test func aDaemonThatIsNotThereIsAFailureWithAdvice() async {
        for arguments in [["list"], ["system", "info"]] {
            let run = await Run(arguments[0], arguments.dropFirst().first ?? "--output=table")
            #expect(run.status == 1 && run.output.isEmpty)
            #expect(run.errors.contains("/nonexistent/torpor.sock") && run.errors.contains("systemctl start"))
        }
    }

    @Test func theSocketIsTakenFromOptionsBeforeAndAfterTheCommand() async {
        let runs = [
            await Run("--socket", "/before.sock", "list"), await Run("list", "--socket", "/before.sock"),
            await Run("--output", "json", "--socket=/before.sock", "system", "info"),
            await Run("system", "--socket", "/before.sock", "info", "-o", "yaml"),
            await Run(
                "--socket", "/before.sock", "deploy", "a", "--bundle", "b", "--", "run", "--socket", "x"),
        ]
        for run in runs {
            #expect(run.status == 1)
            #expect(run.errors.contains("nothing listens on /before.sock"), "\(run.errors)")
        }
    }

    @Test func relativeSocketsStartFromTheDirectory() async {
        let run = await Run("--socket", "x.sock", "list")
        #expect(run.errors.contains("nothing listens on /work/x.sock"))
    }

    @Test(arguments: [
        (["deploi", "x"], "unknown command 'deploi'; did you mean 'deploy'?"),
        (["system", "chekc"], "did you mean 'system check'?"),
        (["image", "a"], "'image' is not supported yet"),
        (["cp", "a", "b"], "one of the two must be FUNCTION:PATH"),
        (["cp", "a:/x", "b:/y"], "torpor cp a:/x - | torpor cp - b:/y"), (["cp", "a:", "b"], "has no path"),
        (["cp", "-", "-"], "one of the two"), (["cp", "a:/x"], "DESTINATION"),
        (["cp", "a:/x", "b", "--instance", "x"], "--instance: 'x' is no instance"),
        (["cp", "A:/x", "b"], "NAME: 'A'"), (["cp", "", "b:/x"], "SOURCE: is empty"),
        (["rollout", "traffic"], "'rollout traffic' is not supported yet"),
        (["rollout", "undo", "a", "--to", "0"], "--to: 0 is no revision"),
        (["events", "--kind", "x"], "--kind"), (["events", "--tail", "x"], "--tail"),
        (["wait", "a"], "--for"), (["wait", "a", "--for", "ready", "--timeout", "x"], "--timeout: 'x'"),
        (["-H", "box", "list"], "--host: 'box' is no host (ssh://[USER@]HOST[:PORT]"),
        (["list", "--host", "ssh://-oProxyCommand=x"], "is no host"),
        (["list", "--host", "ssh://a b"], "is no host"), (["list", "--host", "ssh://u@h:0"], "is no host"),
        (["list", "--host", "ssh://h;id"], "is no host"),
        (["config", "chek"], "did you mean 'config check'?"),
        (["system", "prune", "--dry-run", "--yes"], "exclude each other"),
        (["list", "-H", "box"], "--host: 'box' is no host"),
        (["invoke", "a", "-H", "ssh://a b"], "--host: 'ssh://a b' is no host"),
        (["rollout", "undo", "a", "--to", "b-00001"], "--to: b-00001 is no revision of a.default"),
        (
            ["deploy", "a", "--rootfs", "r", "/bin/sh", "-c", "x"],
            "put -- before the command: /bin/sh and what follows would be options of deploy"
        ),
        (["deploy"], "Missing expected argument '<name>'"),
        (["deploy", "a"], "--bundle DIR, or --rootfs DIR -- COMMAND"),
        (["deploy", "a", "--bundle", "b", "--rootfs", "c", "--", "x"], "exclude each other"),
        (["deploy", "a", "--rootfs", "b"], "--rootfs needs a command"),
        (["deploy", "a", "--image", "x"], "--image is not supported yet"),
        (["deploy", "a", "--runtime", "python"], "--runtime is not supported yet"),
        (["deploy", "a", "--handler", "x"], "--handler is not supported yet"),
        (["deploy", "A", "--bundle", "b"], "'A' is not a valid name"),
        (["deploy", "a.b.c", "--bundle", "b"], "is not a valid name"),
        (["deploy", "a", "--bundle", "b", "--memory", "lots"], "--memory: 'lots' is not a size"),
        (["deploy", "a", "--bundle", "b", "--memory", "1"], "--memory: 1 is out of range"),
        (["deploy", "a", "--bundle", "b", "--cpus", "x"], "--cpus: 'x' is not an amount of CPU"),
        (["deploy", "a", "--bundle", "b", "--port", "70000"], "--port: 70000 is no port"),
        (["deploy", "a", "--bundle", "b", "--min", "11"], "--min: 11 is out of range"),
        (["deploy", "a", "--bundle", "b", "--env", "X"], "--env: 'X' is no variable"),
        (["deploy", "a", "--bundle", "b", "--env", "PORT=1"], "--env: set by Torpor itself"),
        (["deploy", "a", "--bundle", "b", "--mode", "tcp"], "'tcp' is not supported yet"),
        (["deploy", "a", "--bundle", "b", "--mode", "x"], "'x' is no mode"),
        (["deploy", "a", "--bundle", "b", "--network", "x"], "--network: 'x' is no network"),
        (["deploy", "a", "--bundle", "b", "--timeout", "5"], "--timeout: '5' is not a duration"),
        (["deploy", "a", "--bundle", "b", "--freeze-after", "x"], "--freeze-after: 'x' is not a duration"),
        (
            ["deploy", "a", "--bundle", "b", "--bundel", "c"],
            "Unknown option '--bundel'. Did you mean '--bundle'?"
        ),
        (["scale", "a", "many"], "'many' is no scale (auto, or 0 to 1000)"),
        (["scale", "a", "1001"], "'1001' is no scale"), (["remove"], "Missing expected argument"),
        (["logs", "a", "--since", "x"], "--since: 'x' is not a duration"),
        (["logs", "a", "--tail", "9999999"], "--tail: 9999999 is out of range"),
        (["logs", "a", "--instance", "x"], "'x' is no instance"), (["list", "-o", "xml"], "xml"),
        (["list", "--namespace", "A"], "--namespace: 'A' is not a valid name"),
        (["invoke", "a", "-d", "x", "--file", "y"], "exclude each other"),
        (["invoke", "a", "--path", "/a b"], "--path"), (["invoke", "a", "-X", "get"], "--method: 'get'"),
        (["invoke", "a", "-H", "novalue"], "--header: 'novalue' is no header"), (["apply"], "--file"),
    ])
    func misuseIsStatusTwoAndNamesTheArgument(arguments: [String], message: String) async {
        let run = await Run(list: arguments)
        #expect(run.status == 2, "\(run)")
        #expect(run.errors.contains(message), "\(run.errors)")
        #expect(run.output.isEmpty)
    }

    /// The whole command, and one prefix, wherever the mistake is found.
    @Test(arguments: [
        (["scale", "a", "many"], "Usage: torpor scale", "See 'torpor scale --help'"),
        (
            ["rollout", "undo", "a", "--to", "x"], "Usage: torpor rollout undo",
            "'torpor rollout undo --help'"
        ),
        (["list", "--nope"], "Usage: torpor list", "See 'torpor list --help'"),
        (["deploi"], "torpor: unknown command", "did you mean 'deploy'?"),
    ])
    func misuseNamesTheProgram(arguments: [String], usage: String, help: String) async {
        let run = await Run(list: arguments)
        #expect(run.errors.hasPrefix("torpor: ") && !run.errors.contains("Error:"), "\(run.errors)")
        #expect(run.errors.contains(usage) && run.errors.contains(help), "\(run.errors)")
    }

    @Test func manifestsAreReadTogether() async throws {
        let folder = NSTemporaryDirectory() + "torpor-manifests-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (name, text) in [
            ("a", "hello: {bundle: x}"), ("b", "hello: {bundle: y}"), ("c", "hello: {bundel: y}"),
        ] {
            try "functions: {\(text)}\n".write(
                toFile: "\(folder)/\(name).yaml", atomically: false, encoding: .utf8)
        }
        let (a, b) = ("\(folder)/a.yaml", "\(folder)/b.yaml")
        for command in ["apply", "diff"] {
            let twice = await Run(command, "-f", a, "-f", b)
            #expect(twice.status == 1)
            #expect(
                twice.errors.contains("hello.default is declared twice: in \(a) and in \(b):1"), "\(twice)")
        }
        let wrong = await Run("apply", "-f", "\(folder)/c.yaml")
        #expect(
            wrong.errors.hasPrefix("torpor: \(folder)/c.yaml:1: functions.hello.bundel"), "\(wrong.errors)")
    }

    @Test func aRootFilesystemIsNoBundle() async throws {
        let folder = NSTemporaryDirectory() + "torpor-rootfs-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: "\(folder)/bin", withIntermediateDirectories: true)
        let run = await Run("deploy", "a", "--bundle", folder)
        #expect(run.status == 2)
        #expect(
            run.errors.contains("looks like a root filesystem: --rootfs \(folder) -- COMMAND"),
            "\(run.errors)")
    }

    @Test func aConfigurationThatIsNotThereIsSaidToBe() async {
        let run = await Run("config", "check", "--config", "/nonexistent/torpord.yaml")
        #expect(run.status == 1 && run.errors.contains("/nonexistent/torpord.yaml: there is no such file"))
        guard !FileManager.default.fileExists(atPath: "/etc/torpor/torpord.yaml") else { return }
        let usual = await Run("config", "check")
        #expect(usual.status == 0)
        #expect(usual.output == "/etc/torpor/torpord.yaml: is not there: every setting has its default\n")
    }

    @Test func aManifestIsReadBeforeTheDaemonIsAsked() async {
        let wrong = await Run("apply", "-f", "-", input: "functions:\n  a:\n    bundel: x\n")
        #expect(wrong.status == 1)
        #expect(wrong.errors.contains("stdin:3: functions.a.bundel: is unknown; did you mean 'bundle'?"))
        let missing = await Run("apply", "-f", "nowhere.yaml")
        #expect(missing.status == 1 && missing.errors.contains("nowhere.yaml: there is no such file"))
        let right = await Run("apply", "-f", "-", input: "functions: {a: {bundle: x}}\n")
        #expect(right.errors.contains("torpord is not running"))
    }
}
