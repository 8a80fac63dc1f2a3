import ControlAPI
import Core
import Foundation
import Glibc
import Testing

extension AcceptanceTests {
    /// Volumes and configuration files.
    @Suite struct VolumeTests {
        @Test func aNamedVolumeIsKept() throws {
            try TorporFixture.with { torpor in
                let volume = VolumeSpec(.named(try ResourceName("data")), path: "/srv/data")
                try torpor.deploy("hello") { $0.volumes = [volume] }
                #expect(try torpor.write("hello", "/srv/data/file") == "done")
                #expect(try torpor.read("hello", "/srv/data/file") == "x")
                // Seen on the host with the owner that the function sees.
                let path = "\(torpor.stateDirectory)/volumes/default/data/file"
                var status = stat()
                #expect(stat(path, &status) == 0 && status.st_uid == 0)
                #expect(stat("\(torpor.stateDirectory)/volumes", &status) == 0)
                #expect(status.st_mode & 0o777 == 0o700)
                // By the next revision, another function, and after a restart.
                try torpor.deploy("hello", environment: ["A": "b"]) { $0.volumes = [volume] }
                #expect(try torpor.read("hello", "/srv/data/file") == "x")
                try torpor.deploy("reader") {
                    $0.volumes = [VolumeSpec(volume.kind, path: "/in", readOnly: true)]
                }
                #expect(try torpor.read("reader", "/in/file") == "x")
                #expect(try torpor.write("reader", "/in/file") == "EROFS")
                #expect(try torpor.stop() == 0)
                try torpor.start()
                #expect(try torpor.read("reader", "/in/file") == "x")

                let used = try torpor.cli("volume", "remove", "data")
                #expect(used.status == 1)
                #expect(used.errors.contains("used by hello.default, reader.default"), "\(used.errors)")
                let list = try torpor.succeeding("volume", "list", "-o", "json")
                #expect(try list.value("volumes", 0, "name") as String == "data")
                #expect(try list.value("volumes", 0, "usedBy", 1) as String == "reader.default")
                #expect(try torpor.succeeding("volume", "ls").output.contains("reader.default"))
                // A file with two names takes its room once.
                let mebibyte = Data(repeating: 7, count: 1 << 20)
                try mebibyte.write(
                    to: URL(fileURLWithPath: "\(torpor.stateDirectory)/volumes/default/data/large"))
                #expect(
                    link(
                        "\(torpor.stateDirectory)/volumes/default/data/large",
                        "\(torpor.stateDirectory)/volumes/default/data/same") == 0)
                let sized = try torpor.succeeding("volume", "list", "-o", "json")
                let bytes: Int = try sized.value("volumes", 0, "bytes")
                #expect((1 << 20..<3 << 19).contains(bytes), "\(bytes)")
                #expect(try sized.value("volumes", 0, "moreThan") as Bool == false)
                #expect(try torpor.succeeding("volume", "ls").output.contains(" 1.0Mi "))
                try torpor.succeeding("remove", "hello", "reader")
                #expect(FileManager.default.fileExists(atPath: path), "removed only by its name")
                try torpor.succeeding("volume", "rm", "data")
                #expect(
                    !FileManager.default.fileExists(atPath: "\(torpor.stateDirectory)/volumes/default/data"))
                #expect(try torpor.succeeding("volume", "list").output.contains("no volumes"))
                #expect(try torpor.cli("volume", "rm", "data").errors.contains("no volume 'data'"))
            }
        }

        @Test(.needsUsers) func ownersAreTheFunctions() throws {
            try TorporFixture.with { torpor in
                var bundle = try OCIBundle()
                bundle.set("process.user.uid", 1000)
                bundle.set("process.user.gid", 1001)
                try bundle.write()
                let volumes = [VolumeSpec(.named(try ResourceName("data")), path: "/data")]
                let config = ConfigFile(path: "/etc/app.conf", content: Array("a = 1\n".utf8), mode: 0o440)
                try torpor.deploy("hello", bundle: bundle) {
                    $0.volumes = volumes
                    $0.configs = [config]
                }
                #expect(try torpor.write("hello", "/data/file") == "done")
                #expect(try torpor.get("/function/hello/stat?path=/data/file").text.hasSuffix(" 1000 1001"))
                #expect(try torpor.get("/function/hello/stat?path=/etc/app.conf").text == "100440 1000 1001")
                var status = stat()
                #expect(stat("\(torpor.stateDirectory)/volumes/default/data/file", &status) == 0)
                #expect(status.st_uid == 1000 && status.st_gid == 1001)
            }
        }

        @Test func memoryHasASize() throws {
            try TorporFixture.with { torpor in
                try torpor.succeeding(
                    "deploy", "hello", "--rootfs", Programs.rootfs.get(), "--tmpfs", "/scratch:64Ki", "--",
                    "/bin/behave")
                #expect(try torpor.write("hello", "/scratch/file") == "done")
                let body = [UInt8](repeating: 120, count: 128 << 10)
                let answer = try torpor.request(
                    "POST", "/function/hello/write?path=/scratch/large", body: body)
                #expect(answer.text == "ENOSPC" || answer.text == "done")
                let kept = try torpor.get("/function/hello/read?path=/scratch/large").body.count
                #expect(kept < 64 << 10, "\(kept)")
                try torpor.putToSleep("hello")
                #expect(try torpor.read("hello", "/scratch/file") == "ENOENT")
            }
        }

        @Test func theHostsDirectories() throws {
            let shared = try Scratch.makeDirectory("shared")
            let other = try Scratch.makeDirectory("other")
            try FileManager.default.createDirectory(
                atPath: "\(shared)/inner", withIntermediateDirectories: true)
            try "from the host".write(toFile: "\(shared)/inner/file", atomically: false, encoding: .utf8)
            #expect(symlink(other, "\(shared)/link") == 0)
            try TorporFixture.with(configuration: "bind-volumes: [\(shared)]\n") { torpor in
                let rootfs = try Programs.rootfs.get()
                try torpor.succeeding(
                    "deploy", "hello", "--rootfs", rootfs, "-v", "\(shared)/inner:/in:ro", "-v",
                    "\(shared):/all", "--", "/bin/behave")
                #expect(try torpor.read("hello", "/in/file") == "from the host")
                #expect(try torpor.write("hello", "/in/file") == "EROFS")
                #expect(try torpor.write("hello", "/all/new") == "done")
                #expect(Host.text("\(shared)/new") == "x")
                for refused in [other, "\(shared)2", "/etc", "/"] {
                    let result = try torpor.cli(
                        "deploy", "bad", "--rootfs", rootfs, "-v", "\(refused):/in", "--", "/bin/behave")
                    #expect(result.status != 0, "\(refused)")
                    #expect(
                        result.errors.contains(refused == "/" ? "volumes" : "torpord.yaml"),
                        "\(result.errors)")
                }
                // A link that a function could have made leads nowhere.
                let link = try torpor.cli(
                    "deploy", "bad", "--rootfs", rootfs, "-v", "\(shared)/link:/in", "--", "/bin/behave")
                #expect(link.status == 1 && link.errors.contains("AttachmentFailed"), "\(link.errors)")
                let missing = try torpor.cli(
                    "deploy", "gone", "--rootfs", rootfs, "-v", "\(shared)/none:/in", "--", "/bin/behave")
                #expect(missing.errors.contains("\(shared)/none"), "\(missing.errors)")
                #expect(missing.errors.contains("No such file"), "\(missing.errors)")
            }
        }

        /// A directory that is allowed below another is reached through what functions may write.
        @Test func aLinkOnTheWayToAnAllowedDirectory() throws {
            let shared = try Scratch.makeDirectory("shared")
            let other = try Scratch.makeDirectory("other")
            for path in ["\(shared)/way/inner", "\(other)/inner"] {
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            }
            try TorporFixture.with(configuration: "bind-volumes: [\(shared), \(shared)/way/inner]\n") {
                torpor in
                let rootfs = try Programs.rootfs.get()
                let bind = ["-v", "\(shared)/way/inner:/in"]
                try torpor.succeeding(
                    "deploy", "hello", "--rootfs", rootfs, bind[0], bind[1], "--", "/bin/behave")
                try torpor.putToSleep("hello")
                #expect(rename("\(shared)/way", "\(shared)/moved") == 0)
                #expect(symlink(other, "\(shared)/way") == 0)
                #expect(try torpor.get("/function/hello").status == 502)
                #expect(try torpor.describe("hello").lastFailure?.cause == "AttachmentFailed")
            }
        }

        @Test func aManifestWithAllOfIt() throws {
            try TorporFixture.with { torpor in
                let folder = try Scratch.makeDirectory("manifest")
                try FileManager.default.copyItem(atPath: Programs.rootfs.get(), toPath: "\(folder)/rootfs")
                try "key = value\n".write(toFile: "\(folder)/app.conf", atomically: false, encoding: .utf8)
                try "# remark\nFROM_FILE=lines\n".write(
                    toFile: "\(folder)/app.env", atomically: false, encoding: .utf8)
                let manifest = """
                    functions:
                      hello:
                        rootfs: ./rootfs
                        command: [/bin/behave]
                        environment_file: app.env
                        secrets: [token]
                        volumes:
                          - data:/data
                          - {name: data, path: /data/again, readOnly: true}
                          - {tmpfs: 1Mi, path: /scratch}
                        configs:
                          - {path: /etc/app/app.conf, file: ./app.conf}
                          - {path: /etc/inline, content: "inline", mode: "0400"}
                    """
                try manifest.write(toFile: "\(folder)/torpor.yaml", atomically: false, encoding: .utf8)
                try torpor.succeeding("secret", "set", "token", input: "x")
                try torpor.succeeding("apply", "-f", folder)
                #expect(try torpor.environment(of: "hello")["FROM_FILE"] == "lines")
                #expect(try torpor.read("hello", "/etc/app/app.conf") == "key = value\n")
                #expect(try torpor.read("hello", "/etc/inline") == "inline")
                #expect(try torpor.get("/function/hello/stat?path=/etc/inline").text == "100400 0 0")
                #expect(["EROFS", "EACCES"].contains(try torpor.write("hello", "/etc/app/app.conf")))
                #expect(try torpor.write("hello", "/data/file") == "done")
                #expect(
                    try torpor.read("hello", "/data/again/file") == "x", "what lies on another comes later")
                #expect(try torpor.write("hello", "/data/again/file") == "EROFS")
                #expect(try torpor.write("hello", "/scratch/file") == "done")
                #expect(try torpor.read("hello", "/run/secrets/token") == "x")
                let described = try torpor.succeeding("describe", "hello").output
                for part in [
                    "Secrets:", "token", "/data (data)", "/etc/app/app.conf (12 bytes)", "tmpfs, 1Mi",
                ] {
                    #expect(described.contains(part), "\(part)")
                }
                let again = try torpor.succeeding("apply", "-f", folder, "-o", "json")
                #expect(try again.value("functions", 0, "latestRevision") as String == "hello-00001")
                try "key = other\n".write(toFile: "\(folder)/app.conf", atomically: false, encoding: .utf8)
                try torpor.succeeding("apply", "-f", folder)
                #expect(try torpor.read("hello", "/etc/app/app.conf") == "key = other\n")
            }
        }

        /// Deeper than there are descriptors.
        @Test func aVolumeOfAnyShapeCanBeRemoved() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello") {
                    $0.volumes = [VolumeSpec(.named(try! ResourceName("data")), path: "/data")]
                }
                try torpor.remove("hello")
                let path = "\(torpor.stateDirectory)/volumes/default/data"
                try ChildProcess.run(
                    "sh",
                    [
                        "-c",
                        "cd \(path) && i=0; while [ $i -lt 3000 ]; do mkdir d f$i; cd -P d || exit 1; i=$((i+1)); done",
                    ])
                // Counting it has its bounds, and a backup that could not be restored is refused.
                let list = try torpor.succeeding("volume", "list", "-o", "json")
                #expect(try list.value("volumes", 0, "moreThan") as Bool)
                #expect(try torpor.succeeding("volume", "list").output.contains("more than "))
                let backup = Scratch.path("deep")
                let refused = try torpor.cli("system", "backup", backup)
                #expect(refused.status == 1 && refused.errors.contains("volume 'data'"), "\(refused)")
                #expect(refused.errors.contains(path) && !FileManager.default.fileExists(atPath: backup))
                try torpor.succeeding("volume", "remove", "data")
                #expect(!FileManager.default.fileExists(atPath: path))
                let left = try FileManager.default.contentsOfDirectory(
                    atPath: "\(torpor.stateDirectory)/volumes/.removed")
                #expect(left.isEmpty)
            }
        }
    }
}
