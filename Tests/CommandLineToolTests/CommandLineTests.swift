import CommandLineTool
import ControlAPI
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

    init(list arguments: [String], input: String = "") async {
        let output = Mutex("")
        let errors = Mutex("")
        let rest = Mutex(input.isEmpty ? nil : Array(input.utf8))
        let context = ToolContext(
            environment: ["TORPOR_SOCKET": "/nonexistent/torpor.sock"],
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
        (["port-forward", "a"], "'port-forward' is not supported yet"),
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
