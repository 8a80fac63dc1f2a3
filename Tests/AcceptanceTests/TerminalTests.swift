import ControlAPI
import Core
import Foundation
import Testing

extension AcceptanceTests {
    /// `torpor` on a terminal, which script(1) makes.
    @Suite struct TerminalTests {
        private func onTerminal(
            _ torpor: Torpor, columns: Int, variables: String = "", _ arguments: String
        ) throws -> String {
            let path = Scratch.path("terminal")
            let program = "\(variables) \(Programs.commandLine) --socket \(torpor.socket)"
            let child = try ChildProcess(
                "script",
                ["-qec", "stty cols \(columns); \(program) \(arguments)", "/dev/null"],
                output: .file(path))
            _ = try child.wait()
            return child.output.replacing("\r\n", with: "\n")
        }

        @Test func tablesFitAndStatesHaveColours() throws {
            try TorporFixture.with { torpor in
                let long = "a-function-with-a-name-that-is-much-longer-than-most"
                try torpor.deploy(long)
                let wide = try onTerminal(torpor, columns: 200, "list")
                #expect(wide.contains(long) && wide.contains("\u{1b}[32mready\u{1b}[0m"), "\(wide)")
                let plain = try onTerminal(torpor, columns: 60, variables: "NO_COLOR=1", "list")
                #expect(!plain.contains("\u{1b}[3"))
                let lines = plain.split(separator: "\n")
                #expect(lines.count == 2 && lines.allSatisfy { $0.count <= 60 }, "\(plain)")
                #expect(plain.contains(long) && plain.contains("ready"), "what names it is never cut")
                #expect(!plain.contains("AGE") && !plain.contains("SCALE"))
                let detail = try onTerminal(torpor, columns: 60, "describe \(long)")
                let id = try torpor.instance(of: long).id
                #expect(detail.contains("  \(id)  \(long)-00001"), "\(detail)")
                // What is no terminal gets everything, without colours.
                let piped = try torpor.succeeding("list").output
                #expect(piped.contains(long) && !piped.contains("\u{1b}"))

                let error = try onTerminal(torpor, columns: 80, "describe nobody")
                #expect(error.contains("\u{1b}[31mtorpor:\u{1b}[0m"))
            }
        }

        @Test func whatTakesLongSaysSo() throws {
            try TorporFixture.with { torpor in
                // Nothing ever listens: the deploy takes its startTimeout.
                let rootfs = try Programs.rootfs.get()
                let manifest = Scratch.path("torpor.yaml")
                try """
                functions: {slow: {rootfs: \(rootfs), command: [/bin/behave], startTimeout: 3s,
                  environment: {LISTEN: never}}}
                """.write(toFile: manifest, atomically: false, encoding: .utf8)
                let shown = try onTerminal(torpor, columns: 80, "apply -f \(manifest)")
                #expect(shown.contains("\r\u{1b}[Kdeploying slow.default, 2s"), "\(shown)")
                #expect(shown.contains("NotListening"))
                // The line is gone before anything else is said.
                #expect(shown.split(separator: "\u{1b}[K").last?.contains("deploying") == false)
            }
        }
    }
}
