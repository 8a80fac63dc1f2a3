import Core
import Testing

@Suite struct NameTests {
    @Test(arguments: ["a", "hello", "a-b", "x1", String(repeating: "a", count: 63)])
    func accepts(_ name: String) throws {
        #expect(try FunctionKey(name: name).name == name)
    }

    @Test(arguments: [
        "", "-a", "a-", "A", "a_b", "a.b", "ä", "a b", "a/..", String(repeating: "a", count: 64), "f-00001",
    ])
    func refuses(_ name: String) {
        #expect(throws: InvalidInput.self) { try FunctionKey(name: name) }
    }

    @Test func readsReferences() throws {
        #expect(try FunctionKey(reference: "hello").description == "hello.default")
        #expect(try FunctionKey(reference: "hello.dev").namespace == NamespaceName("dev"))
        #expect(throws: InvalidInput.self) { try FunctionKey(reference: "a.b.c") }
    }

    @Test func revisionNames() throws {
        let key = try FunctionKey(name: "hello")
        #expect(RevisionID(function: key, number: 3).name == "hello-00003")
        #expect(RevisionID(function: key, number: 123456).name == "hello-123456")
    }

    @Test func instanceIDs() {
        #expect(InstanceID("0123456789ab") != nil)
        #expect(InstanceID("0123456789aB") == nil)
        #expect(InstanceID("../../../etc") == nil)
        var generator = SystemRandomNumberGenerator()
        #expect(InstanceID(InstanceID(random: &generator).description) != nil)
    }
}

@Suite struct QuantityTests {
    @Test func sizes() throws {
        #expect(try ByteCount(parsing: "128Mi").bytes == 128 << 20)
        #expect(try ByteCount(parsing: "1k").bytes == 1000)
        #expect(try ByteCount(parsing: "65536").description == "64Ki")
        for bad in ["", "-1", "1.5Gi", "Mi", "9999999999Ti", "10 Mi", "1x"] {
            #expect(throws: InvalidInput.self) { try ByteCount(parsing: bad) }
        }
    }

    @Test func cpu() throws {
        #expect(try CPUQuantity(parsing: "500m").millicores == 500)
        #expect(try CPUQuantity(parsing: "0.5").millicores == 500)
        #expect(try CPUQuantity(parsing: "2").description == "2")
        for bad in ["", "1m", "-1", "nan", "inf", "1e9", "x"] {
            #expect(throws: InvalidInput.self) { try CPUQuantity(parsing: bad) }
        }
    }

    @Test func durations() throws {
        #expect(try DurationText.parse("1h30m") == .seconds(5400))
        #expect(try DurationText.parse("250ms") == .milliseconds(250))
        #expect(DurationText.format(.seconds(300)) == "5m")
        for bad in ["", "5", "s", "1x", "-1s", "99999999d"] {
            #expect(throws: InvalidInput.self) { try DurationText.parse(bad) }
        }
    }

    @Test func specRanges() {
        for change: (inout FunctionSpec) -> Void in [
            { $0.port = 0 }, { $0.port = 65536 }, { $0.concurrency = -1 }, { $0.timeout = .zero },
            { $0.scale.max = 0 }, { $0.scale.min = 11 }, { $0.command = [] },
            { $0.environment = ["A=B": "x"] },
            { $0.environment = ["PORT": "1"] }, { $0.environment = ["A": "\0"] }, { $0.limits.pids = 1 },
            {
                $0.scale.freezeAfter = .never; $0.scale.stopAfter = .after(.zero)
            },
            { $0.command = [String(repeating: "x", count: Limits.argumentBytes)] },
        ] {
            var spec = FunctionSpec()
            change(&spec)
            #expect(throws: InvalidInput.self) { try spec.validate() }
        }
        #expect(throws: Never.self) { try FunctionSpec().validate() }
    }
}
