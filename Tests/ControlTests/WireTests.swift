import ControlAPI
import ControlClient
import Core
import Foundation
import Testing

@Suite struct WireTests {
    private func problem(_ schema: String, _ value: some Encodable) throws -> String? {
        let json = try ControlCoding.decode(JSONValue.self, from: ControlCoding.encode(value))
        return Schema.reference(schema).problem(with: json)
    }

    @Test func everythingThatCrossesMatchesItsSchema() throws {
        let key = try FunctionKey(name: "hello")
        let view = Sample.view(key)
        let id = try #require(InstanceID("0123456789ab"))
        let line = LogLine(at: Timestamp(unixNanoseconds: 1), instance: id, stream: .stderr, text: "x")
        let deploy = DeployRequest(key: key, source: .rootfs(path: "/r"), spec: Sample.detail(view).spec)
        #expect(try problem("DeployRequest", deploy) == nil)
        #expect(try problem("ScaleRequest", ScaleRequest(scale: .auto)) == nil)
        #expect(try problem("ScaleRequest", ScaleRequest(scale: .count(3))) == nil)
        #expect(try problem("FunctionList", FunctionList(functions: [view])) == nil)
        #expect(try problem("FunctionDetail", Sample.detail(view)) == nil)
        #expect(try problem("LogLine", line) == nil)
        var spec = deploy.spec
        spec.scale.max = 77
        spec.environment["NEW"] = "x"
        let plan = FunctionPlan(
            key: key, action: .change, revision: "hello-00001",
            changes: FieldChange.between(deploy.spec, spec), warnings: ["w"])
        #expect(plan.changes.map(\.field) == ["environment.NEW", "scale.max"])
        #expect(try problem("FunctionPlan", plan) == nil)
        #expect(try problem("UndoRequest", UndoRequest(revision: 3, ifGeneration: 4)) == nil)
        #expect(try problem("Event", Sample.event) == nil)
        #expect(try problem("PruneRequest", PruneRequest(revisions: true, dryRun: false)) == nil)
        #expect(try problem("PruneResult", Sample.pruned) == nil)
        #expect(try problem("StatsList", Sample.stats) == nil)
        #expect(try problem("SystemInfo", Sample.info) == nil)
        #expect(try problem("ReloadReport", Sample.reload) == nil)
        #expect(try problem("CheckList", CheckList(checks: Sample.checks)) == nil)
        #expect(try problem("ErrorBody", ErrorBody(error: ControlError(Sample.failure))) == nil)
        #expect(
            try problem("ErrorBody", ErrorBody(error: ControlError(InvalidInput("a", "b", allowed: "c"))))
                == nil)
        #expect(try problem("SystemInfo", view) != nil, "and the check can fail")
    }

    @Test func everySchemaThatIsReferredToExists() {
        let names = Set(Schema.all.map(\.name))
        #expect(names.count == Schema.all.count)
        for route in ControlRoute.allCases {
            for schema in [route.requestSchema, route.responseSchema].compactMap(\.self) {
                #expect(names.contains(schema))
            }
        }
    }

    @Test func timesAreWrittenAsRFC3339() {
        for (nanoseconds, text) in [
            (0, "1970-01-01T00:00:00Z"), (1_700_000_000_123_456_789, "2023-11-14T22:13:20.123456789Z"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00Z"), (-1, "1969-12-31T23:59:59.999999999Z"),
            (4_102_444_799_000_000_000, "2099-12-31T23:59:59Z"),
        ] as [(Int64, String)] {
            #expect(Timestamp(unixNanoseconds: nanoseconds).description == text)
            #expect(Timestamp(text)?.unixNanoseconds == nanoseconds)
        }
        #expect(Timestamp("2023-11-14T22:13:20.5Z")?.unixNanoseconds == 1_700_000_000_500_000_000)
        for wrong in [
            "", "2023-11-14", "2023-11-14T22:13:20", "2023-13-14T22:13:20Z", "2023-11-14T25:13:20Z",
            "2023-11-14T22:13:20.Z", "2023-11-14T22:13:20+01:00", "9999-11-14T22:13:20Z",
            "2023-11-14T22:13:2éZ",
        ] { #expect(Timestamp(wrong) == nil) }
    }

    @Test func everyDayGoesThereAndBack() {
        for day in stride(from: Int64(-36_500), through: 73_000, by: 1) {
            let time = Timestamp(unixSeconds: day * 86400 + 3661)
            #expect(Timestamp(time.description) == time)
        }
    }

    @Test func listenAddressesAreReachedAtLoopback() {
        #expect(Endpoint(listenAddress: "127.0.0.1:8080") == .tcp(host: "127.0.0.1", port: 8080))
        #expect(Endpoint(listenAddress: "0.0.0.0:80") == .tcp(host: "127.0.0.1", port: 80))
        #expect(Endpoint(listenAddress: "[::]:80") == .tcp(host: "::1", port: 80))
        #expect(Endpoint(listenAddress: "[::1]:80")?.description == "[::1]:80")
        for wrong in ["", "x", "x:", "x:0", "x:70000"] { #expect(Endpoint(listenAddress: wrong) == nil) }
    }
}
