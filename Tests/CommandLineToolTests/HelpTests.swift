import Foundation
import Manifest
import Testing

/// What is made of the commands' own declarations.
@Suite struct HelpTests {
    @Test(arguments: ["bash", "zsh", "fish"])
    func completionScripts(shell: String) async throws {
        let run = await Run("completion", shell)
        #expect(run.status == 0 && run.errors.isEmpty)
        for word in ["rollout", "undo", "freeze-after", "torpor list --quiet"] {
            #expect(run.output.contains(word), "\(word)")
        }
        guard shell == "bash" else { return }
        let path = NSTemporaryDirectory() + "torpor-completion-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try run.output.write(toFile: path, atomically: false, encoding: .utf8)
        let check = Process()
        check.executableURL = URL(fileURLWithPath: "/bin/bash")
        check.arguments = ["-n", path]
        try check.run()
        check.waitUntilExit()
        #expect(check.terminationStatus == 0)
    }

    @Test func anUnknownShellIsMisuse() async {
        let run = await Run("completion", "tcsh")
        #expect(run.status == 2 && run.errors.contains("bash, fish, zsh"))
    }

    @Test func everyCommandHasAManualPage() async throws {
        let folder = NSTemporaryDirectory() + "torpor-manual-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let run = await Run("manual", folder)
        #expect(run.status == 0, "\(run.errors)")
        let pages = try FileManager.default.contentsOfDirectory(atPath: folder)
        for page in ["torpor.1", "torpor-deploy.1", "torpor-rollout-undo.1", "torpor-system-check.1"] {
            #expect(pages.contains(page), "\(page)")
        }
        #expect(!pages.contains("torpor-manual.1"), "for packages alone")
        let undo = try String(contentsOfFile: folder + "/torpor-rollout-undo.1", encoding: .utf8)
        #expect(undo.hasPrefix(".TH TORPOR-ROLLOUT-UNDO 1"))
        #expect(undo.contains("torpor rollout undo [OPTIONS] <name>".replacing("-", with: "\\-")))
        #expect(undo.contains("\\-\\-to <to>"))
        for page in pages {
            let text = try String(contentsOfFile: "\(folder)/\(page)", encoding: .utf8)
            for line in text.split(separator: "\n") where line.hasPrefix(".") {
                let macro = String(line.prefix { $0 != " " })
                #expect([".TH", ".SH", ".B", ".BR", ".TP", ".PP"].contains(macro), "\(page): \(line)")
            }
        }
    }

    @Test func theReferenceHasEveryCommand() async {
        let run = await Run("manual", "--markdown")
        #expect(run.status == 0)
        for heading in [
            "## torpor deploy", "## torpor rollout undo", "## torpor events",
            "`--freeze-after <freeze-after>`",
        ] {
            #expect(run.output.contains(heading), "\(heading)")
        }
        #expect(!run.output.contains("--image"), "what is not supported is not told")
    }

    /// Made anew by `torpor manual --markdown > docs/cli.md`, and `--manifest > docs/manifest.md`.
    @Test(arguments: [("--markdown", "cli.md"), ("--manifest", "manifest.md")])
    func theCommittedReferenceIsOfThisVersion(option: String, file: String) async throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../docs/\(file)").standardized
        let committed = try String(contentsOf: path, encoding: .utf8)
        let made = await Run("manual", option).output
        #expect(committed.split(separator: "\n") == made.split(separator: "\n"))
    }

    @Test func theManifestsReferenceHasEveryKey() async {
        let rows = await Run("manual", "--manifest").output.split(separator: "\n")
        for key in ManifestKeys.all {
            let mine = rows.filter { $0.hasPrefix("| `\(key.path)` |") }
            #expect(mine.count == 1 && mine.first?.contains(key.text) == true, "\(key.path)")
        }
    }

    /// What the reference shows to be copied is right.
    @Test func theManifestsReferenceShowsAManifest() async throws {
        let text = await Run("manual", "--manifest").output
        let parts = text.components(separatedBy: "```")
        try #require(parts.count == 3 && parts[1].hasPrefix("yaml\n"))
        let check = await Run("config", "check", "-f", "-", input: String(parts[1].dropFirst(5)))
        #expect(check.status == 0, "\(check.errors)")
    }
}
