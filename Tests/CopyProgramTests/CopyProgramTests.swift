import CopyProgram
import Foundation
import Glibc
import LinuxSystem
import Testing

/// The program that is each side of `torpor cp`, on files of this host.
@Suite struct CopyProgramTests {
    private static let long = String(repeating: "long-name-", count: 20)
    private static let listing = "find . -mindepth 1 ! -name '.shell' -printf '%p %y %m %s %T@ %l\\n' | sort"

    private func makeTree(_ fixture: CopyFixture) throws {
        try fixture.write("one", to: "tree/one")
        try fixture.write("two", to: "tree/below/\(Self.long)/two")
        try fixture.write(String(repeating: "0123456789", count: 30_000), to: "tree/\(Self.long)")
        _ = try fixture.shell(
            """
            cd tree; chmod 640 one; chmod 4755 "below/\(Self.long)/two"; : > nothing; mkdir closed
            ln -s ../../../etc/passwd away; ln -s one near; ln -s "\(Self.long)/\(Self.long)" far
            touch -d '1969-12-31 23:00:00.25 UTC' one; touch -h -d '2001-02-03 04:05:06.789' near
            touch -d '2002-02-03 04:05:06.5' below; chmod 555 closed
            """)
    }

    @Test func whatGoesOutComesIn() throws {
        try CopyFixture.with { fixture in
            try makeTree(fixture)
            let archive = try fixture.create("tree")
            #expect(archive.status == 0 && archive.errors.isEmpty)
            let copied = try fixture.extract("copy", as: "tree", archive.output)
            #expect(copied.status == 0 && copied.errors.isEmpty, "\(copied.errors)")
            let before = try fixture.shell("cd tree; \(Self.listing)")
            #expect(before.contains("l 777") && before.contains(".7890000000"))
            // Programs do not run as their owner.
            let after = try fixture.shell("cd copy; \(Self.listing)")
            #expect(after == before.replacing(" f 4755 ", with: " f 755 "))
            _ = try fixture.shell("diff -r --no-dereference tree copy")
        }
    }

    @Test(arguments: ["gnu", "pax", "posix"]) func othersReadAndWriteIt(_ format: String) throws {
        try CopyFixture.with { fixture in
            try makeTree(fixture)
            _ = try fixture.shell("ln tree/one tree/second; mkdir other copy")
            let archive = try fixture.create("tree").output
            _ = try fixture.shell(
                "tar -x -f - -C other; diff -r --no-dereference tree other", input: archive)
            _ = try fixture.shell("tar -c --format=\(format) -f archive tree")
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: fixture.path("archive"))))
            let copied = try fixture.extract("copy", bytes)
            #expect(copied.status == 0 && copied.errors.isEmpty, "\(copied.errors)")
            _ = try fixture.shell(
                "diff -r --no-dereference tree copy/tree; test copy/tree/one -ef copy/tree/second")
        }
    }

    /// As cp(1) and `docker cp` have it.
    @Test func whereThingsGo() throws {
        try CopyFixture.with { fixture in
            try fixture.write("a file", to: "from/file")
            try fixture.write("there", to: "is/file")
            _ = try fixture.shell("mkdir dir; ln -s dir/later link; ln -s loop loop; ln -s dir there")
            let (tree, file) = (try fixture.create("from").output, try fixture.create("from/file").output)
            typealias Case = (to: String, name: String, bytes: [UInt8], made: String?, told: String)
            let cases: [Case] = [
                ("dir", "name", tree, "dir/name/file", ""), ("dir", ".", tree, "dir/file", ""),
                ("dir/new", "name", tree, "dir/new/file", ""), ("dir/two/", ".", tree, "dir/two/file", ""),
                ("there", "again", tree, "dir/again/file", ""),
                ("is/file", "name", tree, nil, "/is/file: a directory cannot replace a file"),
                ("no/new", "name", tree, nil, "/no/new: no such directory to put it in"),
                ("loop", "name", tree, nil, "/loop: a symbolic link, or too many of them"),
                ("dir", "name2", file, "dir/name2", ""), ("dir/", "name3", file, "dir/name3", ""),
                ("dir/renamed", "name", file, "dir/renamed", ""), ("is/file", "name", file, "is/file", ""),
                ("link", "name", file, "dir/later", ""),
                ("dir", "new", file, nil, "/dir/new: is a directory"),
                ("dir/none/", "name", file, nil, "/dir/none/: no such directory"),
                ("none/file", "name", file, nil, "/none/file: no such directory to put it in"),
                ("is/file/", "name", file, nil, "/is/file/: not a directory"),
                ("is/file/x", "name", file, nil, "/is/file/x: not a directory"),
            ]
            for one in cases {
                let result = try fixture.extract(one.to, as: one.name, one.bytes)
                #expect(result.status == (one.made == nil ? 1 : 0), "\(one.to) \(one.name): \(result)")
                if let made = one.made { #expect(fixture.text(made) == "a file", "\(one.to) \(one.name)") }
                let told = one.told.isEmpty ? "" : "\(fixture.folder)\(one.told)\n"
                #expect(result.errors == told, "\(one.to) \(one.name)")
            }
            // What is there stays as it is.
            _ = try fixture.shell("chmod 2710 dir")
            #expect(try fixture.extract("dir", as: ".", tree).status == 0)
            #expect(try fixture.shell("stat -c %a dir") == "2710\n")
        }
    }

    @Test func whatIsNoFile() throws {
        try CopyFixture.with { fixture in
            try fixture.write("x", to: "tree/x")
            _ = try fixture.shell("mkfifo tree/pipe; ln -s x tree/link; ln -s tree dirlink")
            let archive = try fixture.create("tree", top: "named")
            #expect(
                archive.status == 0 && archive.errors.contains("/tree/pipe: a socket, device or named pipe"))
            #expect(
                try fixture.shell("tar -t -f - | sort", input: archive.output)
                    == "named/\nnamed/link\nnamed/x\n")
            let pipe = try fixture.create("tree/pipe")
            #expect(pipe.status == 1 && pipe.output.isEmpty)
            let missing = try fixture.create("tree/none")
            #expect(missing.status == 1 && missing.output.isEmpty)
            #expect(missing.errors == "\(fixture.folder)/tree/none: no such file or directory\n")
            let list = "tar -t -v -f - | sed 's/ .* / /'"
            #expect(
                try fixture.shell(list, input: try fixture.create("dirlink").output) == "lrwxrwxrwx tree\n")
            #expect(
                try fixture.shell(
                    "tar -t -f - | sort", input: try fixture.create("dirlink", follows: true).output)
                    == "./\n./link\n./x\n")
            // Deeper than anybody's.
            _ = try fixture.shell(
                "d=deep; mkdir $d; cd $d; for n in $(seq 300); do mkdir d; cd d; done; echo x > x")
            let deep = try fixture.create("deep")
            #expect(deep.status == 1 && deep.errors.contains("256 directories"), "\(deep.errors)")
            #expect(try fixture.extract("copy", as: ".", deep.output).status == 0)
        }
    }

    @Test func readersThatGo() throws {
        try CopyFixture.with { fixture in
            try fixture.write(String(repeating: "x", count: 3 << 20), to: "large")
            let ends = Pipe()
            // Or the program would be its own reader.
            _ = fcntl(ends.fileHandleForReading.fileDescriptor, F_SETFD, FD_CLOEXEC)
            let tool = try CopyProgram.run(
                .create(path: fixture.path("large"), top: ".", followsLink: false), input: nil,
                output: ends.fileHandleForWriting.fileDescriptor, errors: 2)
            try ends.fileHandleForWriting.close()
            #expect(try ends.fileHandleForReading.read(upToCount: 1000)?.count == 1000)
            try ends.fileHandleForReading.close()
            #expect(tool.wait() == 128 + SIGPIPE)
        }
    }
}
