import ControlAPI
import Core
import Foundation
import Testing

extension AcceptanceTests {
    /// Deploying, and deploying again.
    @Suite struct RevisionTests {
        @Test func redeploysUnderLoadLoseNothing() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello", environment: ["HELLO": "number 0"])
                let stopAt = ContinuousClock().now + .seconds(60)
                let isOver = Background {
                    try becomesTrue("the last deploy", within: .seconds(60)) {
                        try torpor.describe("hello").function.revision == "hello-00021"
                    }
                }
                let clients = (0..<8).map { client in
                    Background { () -> [Int: Int] in
                        var statuses: [Int: Int] = [:]
                        let kept = try torpor.connect()
                        var round = 0
                        while !isOver.isOver, ContinuousClock().now < stopAt {
                            round += 1
                            let target = round % 10 == 0 ? "sleep?ms=100" : "echo"
                            let response: Response
                            if client % 2 == 0 {
                                try kept.send(requestHead("GET", "/function/hello/\(target)"))
                                response = try kept.response()
                            } else {
                                response = try torpor.get("/function/hello/\(target)")
                            }
                            statuses[response.isComplete ? response.status : 0, default: 0] += 1
                        }
                        return statuses
                    }
                }
                for number in 1...20 {
                    try torpor.deploy("hello", environment: ["HELLO": "number \(number)"])
                }
                try isOver.wait()
                var all: [Int: Int] = [:]
                for client in clients { all.merge(try client.wait()) { $0 + $1 } }
                #expect(Array(all.keys) == [200], "\(all)")
                #expect(all[200, default: 0] > 100)
                #expect(try torpor.get("/function/hello").text.hasPrefix("number 20"))
                try becomesTrue("one instance") { try torpor.describe("hello").instances.count == 1 }
                #expect(try torpor.describe("hello").revisions.count <= Limits.revisionsKept + 1)
            }
        }

        /// A revision owns what it runs.
        @Test func theSourceMayChangeAndGo() throws {
            try TorporFixture.with { torpor in
                let rootfs = try Programs.makeRootfs()
                try "first".write(toFile: "\(rootfs)/etc/word", atomically: false, encoding: .utf8)
                try torpor.deploy("hello", rootfs: rootfs)
                let word = "/function/hello/read?path=/etc/word"
                #expect(try torpor.get(word).text == "first")
                try "other".write(toFile: "\(rootfs)/etc/word", atomically: false, encoding: .utf8)
                try Data().write(to: URL(fileURLWithPath: "\(rootfs)/bin/behave"))
                try torpor.putToSleep("hello")
                #expect(try torpor.get(word).text == "first")
                try FileManager.default.removeItem(atPath: rootfs)
                try torpor.putToSleep("hello")
                #expect(try torpor.get(word).text == "first")
                #expect(try torpor.get("/function/hello").text.hasPrefix("hello"))
            }
        }

        /// What a function writes is its instance's own; the revision's files are never written to.
        @Test func writesStayInTheInstance() throws {
            try TorporFixture.with { torpor in
                let bundle = try OCIBundle()
                try bundle.write()
                try torpor.deploy("hello", bundle: bundle)
                let bytes = Array("secret".utf8)
                for path in ["/etc/mine", "/tmp/mine", "/bin/behave.new"] {
                    let wrote = try torpor.request("POST", "/function/hello/write?path=\(path)", body: bytes)
                    #expect(wrote.text == "done", "\(path)")
                    #expect(try torpor.get("/function/hello/read?path=\(path)").text == "secret")
                }
                try torpor.putToSleep("hello")
                for path in ["/etc/mine", "/tmp/mine", "/bin/behave.new"] {
                    #expect(try torpor.get("/function/hello/read?path=\(path)").text == "ENOENT")
                }
                // A plain root filesystem is read-only, with /tmp to write to.
                try torpor.deploy("plain")
                let refused = try torpor.request("POST", "/function/plain/write?path=/etc/mine", body: bytes)
                #expect(refused.text == "EROFS")
                let wrote = try torpor.request("POST", "/function/plain/write?path=/tmp/mine", body: bytes)
                #expect(wrote.text == "done")
                let kept = try FileManager.default.subpathsOfDirectory(atPath: torpor.stateDirectory)
                #expect(!kept.contains { $0.hasSuffix("/mine") })
            }
        }

        @Test func theSameDeployAgainIsNoNewRevision() throws {
            try TorporFixture.with { torpor in
                let first = try torpor.deploy("hello", environment: ["A": "1"])
                let again = try torpor.deploy("hello", environment: ["A": "1"])
                #expect(again.revision == first.revision)
                #expect(try torpor.deploy("hello", environment: ["A": "2"]).revision == "hello-00002")
            }
        }

        @Test func removedMeansGone() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                let call = Background { try torpor.get("/function/hello/sleep?ms=500") }
                try becomesTrue("a request in flight") { try torpor.describe("hello").function.inFlight == 1 }
                try torpor.remove("hello")
                #expect(try torpor.get("/function/hello").status == 404)
                #expect(try call.wait().status == 200, "what was in flight is finished")
                #expect(try torpor.list().isEmpty)
                let gone = try torpor.control(.describeFunction, FunctionKey(name: "hello"))
                #expect(gone.status == 404)
                try torpor.deploy("hello", environment: ["HELLO": "again"])
                #expect(try torpor.get("/function/hello").text.hasPrefix("again"))
            }
        }

        @Test func namespacesKeepNamesApart() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello", environment: ["HELLO": "default"])
                try torpor.succeeding("namespace", "create", "other")
                try torpor.deploy("hello.other", environment: ["HELLO": "other"])
                #expect(try torpor.get("/function/hello").text.hasPrefix("default"))
                #expect(try torpor.get("/function/hello.other").text.hasPrefix("other"))
                try torpor.remove("hello")
                #expect(try torpor.get("/function/hello").status == 404)
                #expect(try torpor.get("/function/hello.other").status == 200)
                #expect(try torpor.list().map(\.namespace.description) == ["other"])
            }
        }
    }
}
