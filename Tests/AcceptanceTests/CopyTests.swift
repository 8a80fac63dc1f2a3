import ControlAPI
import Core
import Foundation
import Glibc
import Testing

extension AcceptanceTests {
    /// `torpor cp`.
    @Suite(.enabled(if: Shell.isThere, "needs busybox-static")) struct CopyTests {
        private func copy(_ torpor: Torpor, _ arguments: String..., input: String = "") throws
            -> CommandResult
        {
            try torpor.cli(["cp"] + arguments, input: input)
        }

        private func inside(_ torpor: Torpor, _ script: String, of name: String = "hello") throws -> String {
            try torpor.succeeding("exec", name, "--", "/bin/sh", "-c", script).output
        }

        private static let listing = "find . ! -type l -exec stat -c '%n %a %Y' {} + | sort"

        /// A folder with a tree in it.
        private func makeTree() throws -> String {
            let folder = try Scratch.makeDirectory("copy")
            let long = String(repeating: "long-name-", count: 20)
            try ChildProcess.run(
                "sh",
                [
                    "-ec",
                    """
                    mkdir -p '\(folder)/tree/sub/empty'; cd '\(folder)/tree'; echo word > file; chmod 640 file
                    ln -s ../../../etc/passwd link; echo x > '\(long)'; head -c 300000 /dev/urandom > sub/large
                    touch -d '2001-02-03 04:05:06' file sub/empty sub/large
                    """,
                ])
            return folder
        }

        @Test func inAndOutAgain() throws {
            try TorporFixture.with { torpor in
                try torpor.deployServer("hello")
                let folder = try makeTree()
                let put = try copy(torpor, "\(folder)/tree", "hello:/tmp")
                #expect(put.status == 0 && put.errors.isEmpty && put.output.isEmpty, "\(put)")
                let own = try ChildProcess.run("sh", ["-c", "cd '\(folder)/tree'; \(Self.listing)"])
                #expect(try inside(torpor, "cd /tmp/tree; \(Self.listing)") == own)
                let got = try copy(torpor, "hello:tmp/tree", "\(folder)/back")
                #expect(got.status == 0 && got.errors.isEmpty, "\(got)")
                try ChildProcess.run("diff", ["-r", "--no-dereference", "\(folder)/tree", "\(folder)/back"])
                #expect(try ChildProcess.run("sh", ["-c", "cd '\(folder)/back'; \(Self.listing)"]) == own)

                // One file: renamed, into a directory, over what is there, and back.
                let file = "\(folder)/tree/file"
                #expect(try copy(torpor, file, "hello:/tmp/new").status == 0)
                _ = try inside(torpor, "mkdir /tmp/dir")
                #expect(try copy(torpor, file, "hello:/tmp/dir/").status == 0)
                #expect(try copy(torpor, "\(folder)/tree/.", "hello:/tmp/two").status == 0)
                #expect(try copy(torpor, "\(folder)/tree/sub/large", "hello:/tmp/new").status == 0)
                #expect(
                    try inside(
                        torpor,
                        "cat /tmp/dir/file /tmp/two/file; stat -c %a /tmp/new; id -u; stat -c %u /tmp/dir/file"
                    )
                        == "word\nword\n644\n0\n0\n")
                #expect(try copy(torpor, "hello:/tmp/dir/file", "\(folder)/renamed").status == 0)
                #expect(Host.text("\(folder)/renamed") == "word\n")
                #expect(try copy(torpor, "hello:/tmp/two/.", folder).status == 0)
                #expect(Host.text("\(folder)/file") == "word\n")
                // A link is what it is, or what it names.
                _ = try inside(torpor, "ln -s /tmp/dir/file /tmp/away")
                #expect(try copy(torpor, "hello:/tmp/away", "\(folder)/away").status == 0)
                #expect(
                    try FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/away")
                        == "/tmp/dir/file"
                )
                #expect(try copy(torpor, "-L", "hello:/tmp/away", "\(folder)/followed").status == 0)
                #expect(Host.text("\(folder)/followed") == "word\n")
                #expect(try torpor.instance(of: "hello").inFlight == 0)
            }
        }

        @Test func archivesOnStreams() throws {
            try TorporFixture.with { torpor in
                try torpor.deployServer("hello")
                let folder = try makeTree()
                _ = try inside(torpor, "mkdir /tmp/work")
                let program = "'\(Programs.commandLine)' --socket '\(torpor.socket)'"
                try ChildProcess.run(
                    "sh",
                    [
                        "-ec",
                        """
                        cd '\(folder)'; tar -c tree | \(program) cp - hello:/tmp
                        mkdir out; \(program) cp hello:/tmp/tree - | tar -x -C out
                        diff -r --no-dereference tree out/tree
                        \(program) cp hello:/tmp/tree/. - | tar -t | grep -qx ./file
                        \(program) cp hello:/tmp/tree/file - | tar -x -O | grep -qx word
                        \(program) cp hello:/tmp/tree - | \(program) cp - hello:/tmp/work
                        """,
                    ])
                #expect(try inside(torpor, "cat /tmp/work/tree/file") == "word\n")
                let none = try copy(torpor, "-", "hello:/tmp", input: "")
                #expect(none.status == 1 && none.errors.contains("the input is empty"), "\(none)")
                let nonsense = try copy(
                    torpor, "-", "hello:/tmp", input: String(repeating: "no tar ", count: 500))
                #expect(nonsense.status == 1 && nonsense.errors.contains("no tar archive"), "\(nonsense)")
                let file = try copy(torpor, "-", "hello:/etc/passwd", input: "x")
                #expect(file.status == 1, "\(file)")
                // A reader who has had enough is no failure to tell of.
                let errors = Scratch.path("err")
                try ChildProcess.run(
                    "sh", ["-c", "\(program) cp hello:/tmp/tree - 2>'\(errors)' | head -c 100 > /dev/null"])
                #expect(Host.text(errors).isEmpty, "\(Host.text(errors))")
            }
        }

        @Test func whatCannotBe() throws {
            try TorporFixture.with { torpor in
                try torpor.deployServer("hello")
                let folder = try makeTree()
                func fails(_ from: String, _ to: String, _ told: String) throws {
                    let result = try copy(torpor, from, to)
                    #expect(
                        result.status == 1 && result.errors == "torpor: \(told)\n", "\(from) \(to): \(result)"
                    )
                }
                let (file, tree) = ("\(folder)/tree/file", "\(folder)/tree")
                try fails("hello:/none", folder, "hello:/none: no such file or directory")
                try fails("\(folder)/none", "hello:/tmp", "\(folder)/none: no such file or directory")
                try fails(file, "hello:/none/x", "hello:/none/x: no such directory to put it in")
                try fails(file, "hello:/none/", "hello:/none/: no such directory")
                try fails(tree, "hello:/etc/passwd", "hello:/etc/passwd: a directory cannot replace a file")
                try fails(
                    "hello:/etc/passwd", "\(folder)/no/x", "\(folder)/no/x: no such directory to put it in")
                try fails("hello:/etc", file, "\(file): a directory cannot replace a file")
                try fails("hello:/bin/sh/x", folder, "hello:/bin/sh/x: not a directory")
                try fails(file, "hello:/proc/x", "hello:/proc/x: no such file or directory")
                let unknown = try copy(torpor, file, "helo:/tmp")
                #expect(unknown.status == 1 && unknown.errors.contains("did you mean 'hello'"), "\(unknown)")
                let nobody = try copy(torpor, "--instance", "0123456789ab", file, "hello:/tmp")
                #expect(nobody.status == 1 && nobody.errors.contains("0123456789ab"), "\(nobody)")
                let user = try copy(torpor, "-u", "nobody-here", file, "hello:/tmp")
                #expect(user.status == 1 && user.errors.contains("no user 'nobody-here'"), "\(user)")
            }
        }

        @Test func readOnlyAndFull() throws {
            try TorporFixture.with { torpor in
                var bundle = try OCIBundle(rootfs: Shell.makeRootfs())
                try FileManager.default.copyItem(
                    atPath: Programs.behave.get(), toPath: "\(bundle.path)/rootfs/bin/behave")
                bundle.set("root.readonly", true)
                try bundle.write()
                try torpor.deploy("hello", bundle: bundle) {
                    $0.volumes = [VolumeSpec(.tmpfs(.mebibytes(1)), path: "/small")]
                }
                let folder = try makeTree()
                let file = "\(folder)/tree/file"
                let denied = try copy(torpor, file, "hello:/etc/new")
                #expect(denied.errors == "torpor: hello:/etc/new: read-only file system\n", "\(denied)")
                #expect(denied.status == 1)
                #expect(try copy(torpor, file, "hello:/small").status == 0)
                try Data(count: 3 << 20).write(to: URL(fileURLWithPath: "\(folder)/large"))
                for name in ["large", "other"] {
                    let full = try copy(torpor, "\(folder)/large", "hello:/small/\(name)")
                    #expect(full.errors == "torpor: hello:/small/\(name): no space left\n", "\(full)")
                }
                // Nothing is left of it, and what was there before is.
                #expect(try inside(torpor, "ls -A /small; cat /small/file") == "file\nword\n")
            }
        }

        @Test func asleepFrozenAndOnlyHere() throws {
            try TorporFixture.with { torpor in
                try torpor.deployServer("hello")
                let file = "\(try makeTree())/tree/file"
                try torpor.putToSleep("hello")
                try torpor.scale("hello", .auto)
                let refused = try copy(torpor, "--no-wake", file, "hello:/tmp")
                #expect(refused.status == 1 && refused.errors.contains("--no-wake"), "\(refused)")
                // Somebody's mistake wakes nobody.
                #expect(try copy(torpor, "\(file)-none", "hello:/tmp").status == 1)
                #expect(try torpor.describe("hello").instances.isEmpty)
                #expect(try copy(torpor, file, "hello:/tmp").status == 0)
                let id = try torpor.instance(of: "hello").id
                #expect(try copy(torpor, "--instance", "\(id)", file, "hello:/tmp/again").status == 0)
                #expect(try inside(torpor, "ls /tmp") == "again\nfile\n")
                // It is the instance's own, and goes with it.
                try torpor.putToSleep("hello")
                try torpor.scale("hello", .auto)
                #expect(try inside(torpor, "ls /tmp") == "")
            }
        }

        @Test(.needsFreezer) func aCopyKeepsItAwake() throws {
            try TorporFixture.with { torpor in
                try torpor.deployShell("naps", "exec cat") {
                    $0.scale.freezeAfter = .after(.milliseconds(100))
                }
                try torpor.waitUntil("naps", is: .frozen)
                let pipe = Scratch.path("pipe")
                #expect(mkfifo(pipe, 0o600) == 0)
                let writer = open(pipe, O_RDWR | O_CLOEXEC)
                let child = try torpor.startCLI(
                    ["cp", "-", "naps:/tmp"], input: pipe, output: Scratch.path("out"),
                    errors: Scratch.path("err"))
                let header = tarEntry("slow", content: Array("x".utf8))
                header.prefix(700).withUnsafeBytes { _ = write(writer, $0.baseAddress, $0.count) }
                usleep(700_000)
                #expect(try torpor.describe("naps").function.status == .ready)
                let rest = header.dropFirst(700) + [UInt8](repeating: 0, count: 1024)
                rest.withUnsafeBytes { _ = write(writer, $0.baseAddress, $0.count) }
                close(writer)
                #expect(try child.wait() == 0)
                try torpor.waitUntil("naps", is: .frozen)
            }
        }

        @Test(.needsUsers) func whoseFilesTheyAre() throws {
            try TorporFixture.with { torpor in
                try torpor.deployServer("hello")
                let folder = try makeTree()
                let file = "\(folder)/tree/file"
                chown(file, 1234, 1235)
                #expect(try copy(torpor, "-u", "worker", file, "hello:/tmp/worker").status == 0)
                _ = try inside(torpor, "mkdir -m 700 /tmp/closed")
                let denied = try copy(torpor, "-u", "worker", file, "hello:/tmp/closed/x")
                #expect(denied.errors == "torpor: hello:/tmp/closed/x: permission denied\n", "\(denied)")
                #expect(try copy(torpor, "-a", file, "hello:/tmp/kept").status == 0)
                #expect(try copy(torpor, file, "hello:/tmp/own").status == 0)
                #expect(
                    try inside(torpor, "cd /tmp; stat -c '%n %u %g %a' kept own worker")
                        == "kept 1234 1235 640\nown 0 0 640\nworker 1000 1001 640\n")
                #expect(try copy(torpor, "-a", "hello:/tmp", "\(folder)/all").status == 0)
                #expect(try copy(torpor, "hello:/tmp", "\(folder)/mine").status == 0)
                let owners = "cd '\(folder)'; stat -c '%n %u %g' all/kept all/own all/worker mine/worker"
                #expect(
                    try ChildProcess.run("sh", ["-c", owners])
                        == "all/kept 1234 1235\nall/own 0 0\nall/worker 1000 1001\nmine/worker 0 0\n")
            }
        }

        // MARK: those who mean harm, and those who go

        @Test func aContainerThatSwapsLinks() throws {
            try TorporFixture.with { torpor in
                let bait = try Scratch.makeDirectory("bait")
                try "secret".write(toFile: "\(bait)/secret", atomically: false, encoding: .utf8)
                try torpor.deployServer("hello")
                // While copies run, the directory becomes a link to the host's path and back, as often as it can be.
                let swap = """
                    mkdir -p /tmp/a/b /tmp/c; echo inner > /tmp/a/b/secret; mkdir -p '/tmp\(bait)'
                    while :; do mv /tmp/a/b /tmp/c/d; ln -s '\(bait)' /tmp/a/b; rm /tmp/a/b; mv /tmp/c/d /tmp/a/b; done
                    """
                let child = try torpor.startCLI(
                    ["exec", "hello", "--", "/bin/sh", "-c", swap], output: Scratch.path("out"),
                    errors: Scratch.path("err"))
                let folder = try Scratch.makeDirectory("copy")
                try "evil".write(toFile: "\(folder)/secret", atomically: false, encoding: .utf8)
                for round in 0..<20 {
                    let out = "\(folder)/out\(round)"
                    _ = try copy(torpor, "hello:/tmp/a", out)
                    let text = (try? String(contentsOfFile: "\(out)/b/secret", encoding: .utf8)) ?? ""
                    #expect(text != "secret" || !Self.isDirectory("\(out)/b"), "round \(round)")
                    _ = try copy(torpor, "\(folder)/secret", "hello:/tmp/a/b")
                }
                #expect(Host.text("\(bait)/secret") == "secret")
                #expect(try FileManager.default.contentsOfDirectory(atPath: bait) == ["secret"])
                child.signal(SIGKILL)
                _ = try child.wait()
            }
        }

        private static func isDirectory(_ path: String) -> Bool {
            var status = stat()
            return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        }

        /// A link of the image's to a path of the host leads into the container.
        @Test func linksOfTheImage() throws {
            try TorporFixture.with { torpor in
                try torpor.deployServer("hello")
                let bait = try Scratch.makeDirectory("bait")
                _ = try inside(
                    torpor,
                    "ln -s '\(bait)' /tmp/out; mkdir /tmp/in; ln -s ../tmp/in /tmp/root; ln -s '\(bait)/x' /tmp/file"
                )
                let file = "\(try makeTree())/tree/file"
                #expect(try copy(torpor, file, "hello:/tmp/out/x").status == 1)
                #expect(try copy(torpor, file, "hello:/tmp/root/x").status == 0)
                #expect(try copy(torpor, file, "hello:/tmp/file").status == 1)
                #expect(try inside(torpor, "cat /tmp/in/x") == "word\n")
                #expect(try FileManager.default.contentsOfDirectory(atPath: bait).isEmpty)
            }
        }

        @Test func clientsThatVanish() throws {
            try TorporFixture.with { torpor in
                try torpor.deployServer("hello")
                _ = try inside(torpor, "mkdir /tmp/work; head -c 3000000 /dev/zero > /tmp/large")
                for isInto in [true, false] {
                    let pipe = Scratch.path("pipe")
                    #expect(mkfifo(pipe, 0o600) == 0)
                    // Opened for both, so that nobody waits.
                    let held = open(pipe, O_RDWR | O_CLOEXEC)
                    defer { close(held) }
                    let child = try torpor.startCLI(
                        isInto ? ["cp", "-", "hello:/tmp/work"] : ["cp", "hello:/tmp/large", "-"],
                        input: isInto ? pipe : "/dev/null", output: isInto ? Scratch.path("out") : pipe,
                        errors: Scratch.path("err"))
                    let begun = tarEntry("part", content: [UInt8](repeating: 1, count: 100_000)).prefix(
                        60_000)
                    if isInto { begun.withUnsafeBytes { _ = write(held, $0.baseAddress, $0.count) } }
                    let command =
                        isInto ? "torpor-copy extract /tmp/work" : "torpor-copy create /tmp/large large"
                    try torpor.waitForProcess(command, in: "hello", isThere: true)
                    child.signal(SIGKILL)
                    _ = try child.wait()
                    try torpor.waitForProcess(command, in: "hello", isThere: false)
                }
                try becomesTrue("nothing half done") { try inside(torpor, "ls -A /tmp/work") == "" }
                #expect(try torpor.instance(of: "hello").inFlight == 0)
            }
        }

        @Test func theInstanceGoes() throws {
            try TorporFixture.with { torpor in
                for way in ["scale", "remove", "kill"] {
                    if !torpor.isRunning { try torpor.start() }
                    try torpor.deployServer("hello", environment: ["WAY": way])
                    let (pipe, errors) = (Scratch.path("pipe"), Scratch.path("err"))
                    #expect(mkfifo(pipe, 0o600) == 0)
                    let held = open(pipe, O_RDWR | O_CLOEXEC)
                    defer { close(held) }
                    let child = try torpor.startCLI(
                        ["cp", "-", "hello:/tmp"], input: pipe, output: Scratch.path("out"), errors: errors)
                    try becomesTrue("the copy") { try torpor.instance(of: "hello").pid != nil }
                    try torpor.waitForProcess("torpor-copy extract /tmp", in: "hello", isThere: true)
                    let told: Regex<Substring>
                    switch way {
                    case "scale":
                        try torpor.scale("hello", .count(0))
                        told = /scaled the function down/
                    case "remove":
                        try torpor.remove("hello")
                        told = /was removed/
                    default:
                        try torpor.kill()
                        // While it copies, or while it was about to.
                        told = /the daemon has gone|torpord went away/
                    }
                    #expect(try child.wait() == 1, "\(way)")
                    #expect(Host.text(errors).contains(told), "\(way): \(Host.text(errors))")
                }
                try torpor.start()
            }
        }
    }
}
