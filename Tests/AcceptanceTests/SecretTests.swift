import ControlAPI
import Core
import Foundation
import Glibc
import Testing

extension AcceptanceTests {
    /// Secrets, from the command line to the function's files.
    @Suite struct SecretTests {
        private static let value = "correct horse battery staple"

        @Test func aFunctionFindsItsSecretsAndNoOthers() throws {
            try TorporFixture.with { torpor in
                try torpor.succeeding("secret", "set", "db-password", input: Self.value)
                try torpor.succeeding("secret", "set", "other", input: "not for everybody")
                try torpor.deploy("hello") { $0.secrets = [try! ResourceName("db-password")] }
                for directory in ["/run/secrets", "/var/openfaas/secrets"] {
                    #expect(try torpor.read("hello", "\(directory)/db-password") == Self.value)
                    #expect(try torpor.read("hello", "\(directory)/other") == "ENOENT")
                    #expect(try torpor.write("hello", "\(directory)/db-password") == "EROFS")
                    #expect(try torpor.write("hello", "\(directory)/new") == "EROFS")
                    let kind = try torpor.get("/function/hello/stat?path=\(directory)/db-password").text
                    #expect(kind == "100440 0 0")
                }
                let mounts = try torpor.read("hello", "/proc/self/mountinfo").split(separator: "\n")
                let secrets = try #require(mounts.first { $0.contains(" /run/secrets ") })
                #expect(secrets.contains(" - tmpfs ") && secrets.contains("noexec"))
                // Memory of instances that have none knows no such mount.
                try torpor.deploy("plain")
                #expect(try !torpor.read("plain", "/proc/self/mountinfo").contains("secrets"))
            }
        }

        @Test func runningInstancesHaveANewValueAtOnce() throws {
            try TorporFixture.with { torpor in
                try torpor.succeeding("secret", "set", "token", input: "first")
                try torpor.deploy("hello") { $0.secrets = [try! ResourceName("token")] }
                let instance = try torpor.instance(of: "hello").id
                #expect(try torpor.read("hello", "/run/secrets/token") == "first")
                let answer = try torpor.succeeding("secret", "set", "token", input: "second").output
                #expect(answer.contains("hello.default"))
                #expect(try torpor.read("hello", "/run/secrets/token") == "second")
                #expect(try torpor.read("hello", "/var/openfaas/secrets/token") == "second")
                #expect(try torpor.instance(of: "hello").id == instance)
                // Also one that starts later, and after a restart of the daemon.
                try torpor.putToSleep("hello")
                #expect(try torpor.read("hello", "/run/secrets/token") == "second")
                #expect(try torpor.stop() == 0)
                try torpor.start()
                #expect(try torpor.read("hello", "/run/secrets/token") == "second")
            }
        }

        @Test(.needsUsers) func theyBelongToTheFunctionsUser() throws {
            try TorporFixture.with { torpor in
                try torpor.succeeding("secret", "set", "token", input: "for 1000")
                var bundle = try OCIBundle()
                bundle.set("process.user.uid", 1000)
                bundle.set("process.user.gid", 1001)
                try bundle.write()
                try torpor.deploy("hello", bundle: bundle) { $0.secrets = [try! ResourceName("token")] }
                #expect(
                    try torpor.get("/function/hello/stat?path=/run/secrets/token").text == "100440 1000 1001")
                #expect(try torpor.read("hello", "/run/secrets/token") == "for 1000")
            }
        }

        @Test func whatIsMissingIsRefusedAndWhatIsUsedStays() throws {
            try TorporFixture.with { torpor in
                let missing = try torpor.cli(
                    "deploy", "hello", "--rootfs", Programs.rootfs.get(), "--secret", "token", "--",
                    "/bin/behave")
                #expect(missing.status == 1)
                #expect(missing.errors.contains("there is no secret 'token'"), "\(missing.errors)")
                #expect(missing.errors.contains("torpor secret set token"))
                #expect(try torpor.cli("secret", "remove", "token").errors.contains("no secret 'token'"))

                try torpor.succeeding("secret", "set", "token", input: "x")
                try torpor.succeeding(
                    "deploy", "hello", "--rootfs", Programs.rootfs.get(), "--secret", "token", "--",
                    "/bin/behave")
                let used = try torpor.cli("secret", "remove", "token")
                #expect(used.status == 1 && used.errors.contains("used by hello.default"), "\(used.errors)")
                #expect(try torpor.read("hello", "/run/secrets/token") == "x")
                let list = try torpor.succeeding("secret", "list", "-o", "json")
                #expect(try list.value("secrets", 0, "name") as String == "token")
                #expect(try list.value("secrets", 0, "usedBy", 0) as String == "hello.default")
                #expect(try torpor.succeeding("secret", "ls").output.contains("hello.default"))

                // Another namespace has secrets of its own.
                let nowhere = try torpor.cli("secret", "list", "-n", "team")
                #expect(nowhere.status == 1 && nowhere.errors.contains("no namespace 'team'"), "\(nowhere)")
                try torpor.succeeding("remove", "hello")
                #expect(try torpor.succeeding("secret", "rm", "token").output == "default/token: removed\n")
                #expect(try torpor.succeeding("secret", "list").output.contains("no secrets"))
            }
        }

        @Test func badInput() throws {
            try TorporFixture.with { torpor in
                let large = "\(torpor.directory)/large"
                for (size, accepted) in [
                    (10 << 20, false), (Limits.secretBytes + 1, false), (Limits.secretBytes, true),
                ] {
                    try Data(repeating: 7, count: size).write(to: URL(fileURLWithPath: large))
                    let result = try torpor.cli("secret", "set", "large", "--file", large)
                    #expect(result.status == (accepted ? 0 : 1), "\(size): \(result.errors)")
                    if !accepted { #expect(result.errors.contains("at most \(Limits.secretBytes) bytes")) }
                }
                // The daemon has the limit, too.
                let body = [UInt8](repeating: 7, count: Limits.secretBytes + 1)
                #expect(try torpor.control("PUT", "/v1/secrets/default/large", body: body).status == 413)

                let empty = try torpor.cli("secret", "set", "empty", input: "")
                #expect(empty.status == 1 && empty.errors.contains("empty"))
                #expect(try torpor.control("PUT", "/v1/secrets/default/empty", body: []).status == 422)
                for name in ["../x", "a/b", ".x", "", "-n"] {
                    #expect(try torpor.cli("secret", "set", "--", name, input: "v").status == 2, "\(name)")
                }
                #expect(try torpor.control("PUT", "/v1/secrets/default/.x", body: [1]).status == 422)
                #expect(try torpor.control("PUT", "/v1/secrets/default/..%2fx", body: [1]).status == 422)
                let shown = try torpor.cli("secret", "set", "name", "value")
                #expect(shown.status == 2 && shown.errors.contains("--file"), "\(shown.errors)")
                #expect(!FileManager.default.fileExists(atPath: "\(torpor.stateDirectory)/x"))

                // Every byte counts.
                let binary = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                try Data(binary).write(to: URL(fileURLWithPath: large))
                try torpor.succeeding("secret", "set", "binary", "--file", large)
                try torpor.deploy("hello") { $0.secrets = [try! ResourceName("binary")] }
                #expect(try torpor.get("/function/hello/read?path=/run/secrets/binary").body == binary)
            }
        }

        /// In no place where somebody could read it: the database, the log, `describe`, the list, an error.
        @Test func nobodyElseSeesIt() throws {
            try TorporFixture.with { torpor in
                try torpor.succeeding("secret", "set", "token", input: Self.value)
                try torpor.deploy("hello") { $0.secrets = [try! ResourceName("token")] }
                try torpor.succeeding("secret", "set", "token", input: Self.value + "!")
                let shown = [
                    try torpor.succeeding("describe", "hello", "-o", "json").output,
                    try torpor.succeeding("secret", "list", "-o", "json").output, torpor.log,
                ]
                for text in shown { #expect(!text.contains("horse"), "\(text)") }
                #expect(torpor.log.contains("setSecret"), "who changed it is written down")
                #expect(try torpor.control("GET", "/v1/secrets/default/token").status == 405)
                #expect(try torpor.stop() == 0)
                let files = try #require(FileManager.default.enumerator(atPath: torpor.stateDirectory))
                for case let name as String in files {
                    let data = FileManager.default.contents(atPath: "\(torpor.stateDirectory)/\(name)")
                    #expect(data?.range(of: Data("horse".utf8)) == nil, "\(name)")
                }
                var status = stat()
                #expect(stat("\(torpor.stateDirectory)/secrets/key", &status) == 0)
                #expect(status.st_mode & 0o777 == 0o600)
                try torpor.start()
                #expect(try torpor.read("hello", "/run/secrets/token") == Self.value + "!")
            }
        }

        /// As after the restore of a backup without its key.
        @Test func withoutItsKey() throws {
            try TorporFixture.with { torpor in
                try torpor.succeeding("secret", "set", "token", input: Self.value)
                try torpor.deploy("hello") { $0.secrets = [try! ResourceName("token")] }
                #expect(try torpor.stop() == 0)
                #expect(unlink("\(torpor.stateDirectory)/secrets/key") == 0)
                try torpor.start()
                #expect(torpor.log.contains("encrypted with another key"), "\(torpor.log)")
                #expect(try torpor.get("/function/hello").status == 502)
                let failure = try #require(try torpor.describe("hello").lastFailure)
                #expect(failure.cause == "AttachmentFailed")
                #expect(failure.message.contains("default/token") && failure.message.contains("another key"))
                try torpor.succeeding("secret", "set", "token", input: "again")
                #expect(try torpor.read("hello", "/run/secrets/token") == "again")
            }
        }
    }
}
