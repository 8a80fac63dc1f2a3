import ControlAPI
import Core
import Foundation
import Synchronization
import Testing

/// What the tool makes of what a daemon answers.
@Suite(.timeLimit(.minutes(1))) struct AnswerTests {
    private func run(_ server: StandIn, _ arguments: String..., input: String = "") async -> Run {
        await Run(list: ["--socket", server.path] + arguments, input: input)
    }

    @Test(arguments: [ControlError.Kind.unknownPath, .methodNotAllowed])
    func anOlderDaemonIsToldFromAFunctionThatIsMissing(kind: ControlError.Kind) async throws {
        let answer: @Sendable (String) throws -> StandIn.Answer = { _ in
            try .error(ControlError(kind, "there is no such path"), headers: ["Server: torpord/0.0.9"])
        }
        try await StandIn.with(answer) { server in
            let run = await run(server, "describe", "hello")
            #expect(run.status == 1)
            #expect(
                run.errors.contains("this torpord (0.0.9) is older than torpor (\(TorporVersion.current))"))
            #expect(run.errors.contains("restart torpord") && !run.errors.contains("torpor list"))
        }
        try await StandIn.with({ line in
            try line.hasSuffix("/functions")
                ? .json(FunctionList(functions: [])) : .error(.noSuchFunction(FunctionKey(name: "hello")))
        }) { server in
            let run = await run(server, "describe", "hello")
            #expect(run.status == 1 && run.errors.contains("'torpor list' shows what there is"))
        }
    }

    @Test func aLineInPiecesIsShownAsOne() async throws {
        let (one, two) = (InstanceID("0123456789ab"), InstanceID("0123456789ac"))
        let said: [(InstanceID?, LogLine.Stream, String, Bool)] = [
            (one, .stdout, "begin-", true), (one, .stdout, "middle-", true), (one, .stdout, "end", false),
            (one, .stdout, "broken-", true), (two, .stdout, "between", false), (one, .stdout, "off", false),
            (one, .stderr, "password: ", true),
        ]
        let lines = try said.enumerated().map { index, line in
            LogLine(
                at: Timestamp(unixSeconds: Int64(index)), instance: try #require(line.0), stream: line.1,
                text: line.2, continues: line.3 ? true : nil)
        }
        let body = try lines.map { try ControlCoding.encode($0) + [10] }.reduce(Data(), +)
        try await StandIn.with({ _ in StandIn.Answer(body: body) }) { server in
            let table = await run(server, "logs", "hello")
            #expect(table.output == "begin-middle-end\nbroken-\nbetween\noff\npassword: \n")
            let json = await run(server, "logs", "hello", "-o", "json")
            #expect(json.output.split(separator: "\n").count == said.count)
            #expect(json.output.matches(of: /"continues":true/).count == 4)
        }
    }

    @Test func pruneRemovesOnlyWhatIsStillAsItWasSeen() async throws {
        let view = { (name: String) throws in
            let key = try FunctionKey(name: name)
            return FunctionView(
                key: key, active: RevisionID(function: key, number: 7),
                latest: RevisionID(function: key, number: 7), mode: .http, source: .bundle(path: "/b"),
                scale: .auto, instances: InstanceCounts([.ready]), inFlight: 0,
                createdAt: Timestamp(unixSeconds: 1), lastFailureCause: nil, generation: 7, applied: true)
        }
        let (old, new) = (try view("old"), try view("new"))
        try await StandIn.with({ line in
            switch line.split(separator: " ").first {
            case "GET": try .json(FunctionList(functions: [old]))
            case "POST": try .json(new)
            default: try .error(.changedMeanwhile(FunctionKey(name: "old"), 8))
            }
        }) { server in
            let manifest = "functions: {new: {bundle: /b}}\n"
            let run = await run(server, "apply", "-f", "-", "--prune", "--yes", input: manifest)
            #expect(server.requests.withLock { $0 }.last == "DELETE /v1/functions/default/old?ifGeneration=7")
            #expect(run.status == 1 && run.errors.contains("changed by somebody else"), "\(run)")
            #expect(run.output.contains("new.default: new-00007") && !run.output.contains("removed"))
        }
    }

    @Test func theOtherHostIsTakenFromTheEnvironment() async {
        let wrong = await Run(list: ["list"], environment: ["TORPOR_HOST": "ssh://-oProxyCommand=x"])
        #expect(wrong.status == 2 && wrong.errors.contains("is no host"))
        let unreachable = await Run(
            list: ["list"], environment: ["TORPOR_HOST": "ssh://me@box", "PATH": "/nonexistent"])
        #expect(
            unreachable.status == 1 && unreachable.errors.contains("ssh is not in PATH"), "\(unreachable)")
        let empty = await Run(list: ["list"], environment: ["TORPOR_HOST": ""])
        #expect(empty.errors.contains("/nonexistent/torpor.sock"))
    }

    @Test func whatIsNotBuiltIsRefusedByName() async {
        let run = await Run("invoke", "hello", "--async")
        #expect(run.status == 2 && run.errors.contains("--async is not supported yet"))
        #expect(await !Run("invoke", "--help").output.contains("--async"))
    }
}
