import ControlAPI
import Core
import Foundation
import Testing

extension AcceptanceTests {
    /// `/metrics`, and `torpor system info` as its human view.
    @Suite struct MetricsTests {
        /// Samples by name and labels, after the text was found to be well-formed.
        private func samples(_ text: String) throws -> [String: Double] {
            var samples: [String: Double] = [:]
            var described: Set<String> = []
            let line = /([a-z_]+)(\{(?:[a-z]+="[^"\n]*",?)*\})? ([0-9.e+-]+|\+Inf)/
            for text in text.split(separator: "\n") {
                if text.hasPrefix("# ") {
                    described.insert(String(text.split(separator: " ")[2]))
                    continue
                }
                let match = try #require(text.wholeMatch(of: line), "\(text)")
                let name = String(match.1)
                let base = ["_bucket", "_sum", "_count"].reduce(name) { name, suffix in
                    name.hasSuffix(suffix) && described.contains(String(name.dropLast(suffix.count)))
                        ? String(name.dropLast(suffix.count)) : name
                }
                #expect(described.contains(base), "\(name) has no description")
                let key = name + (match.2.map(String.init) ?? "")
                #expect(samples[key] == nil, "\(key) stands twice")
                samples[key] = Double(match.3)
            }
            return samples
        }

        private func scrape(_ torpor: Torpor, port: Int? = nil) throws -> [String: Double] {
            let password = Host.text("\(torpor.stateDirectory)/admin-password")
                .trimmingCharacters(in: .whitespacesAndNewlines)
            let token = Data("admin:\(password)".utf8).base64EncodedString()
            let connection = try Connection.tcp(port ?? torpor.port)
            try connection.send(requestHead("GET", "/metrics", [("Authorization", "Basic \(token)")]))
            let response = try connection.response()
            #expect(response.status == 200)
            return try samples(response.text)
        }

        @Test func countWhatHappens() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                for _ in 0..<3 { #expect(try torpor.get("/function/hello").status == 200) }
                #expect(try torpor.get("/function/hello/status/404").status != 0)
                #expect(try torpor.get("/function/nobody").status == 404)
                var seen = try scrape(torpor)
                let labels = #"function="hello",namespace="default""#
                #expect(seen["torpor_functions"] == 1)
                #expect(seen[#"torpor_instances{state="ready"}"#] == 1)
                #expect(try #require(seen["torpor_requests_total{\(labels),class=\"2xx\"}"]) >= 3)
                #expect(seen["torpor_queue_depth{\(labels)}"] == 0)
                #expect(seen[#"torpor_start_seconds_count{kind="cold"}"#] == 1)
                for phase in ["slot", "sandbox", "listen"] {
                    #expect(seen["torpor_start_phase_seconds_count{phase=\"\(phase)\"}"] == 1)
                }
                #expect(seen[#"torpor_start_seconds_bucket{kind="cold",le="+Inf"}"#] == 1)
                #expect(seen[#"torpor_refusals_total{code="function_not_found"}"#] == 1)
                #expect(try #require(seen["torpor_store_bytes"]) > 4096)
                #expect(try #require(seen["process_resident_memory_bytes"]) > 1_000_000)
                #expect(try #require(seen["process_open_fds"]) > 5)

                _ = try torpor.refusal { try torpor.deploy("broken") { $0.command = ["/bin/nothing"] } }
                try torpor.putToSleep("hello")
                #expect(try torpor.get("/function/hello").warmth == "cold")
                seen = try scrape(torpor)
                #expect(seen[#"torpor_start_failures_total{cause="CommandNotFound"}"#] == 1)
                #expect(seen[#"torpor_start_seconds_count{kind="cold"}"#] == 2)
                #expect(seen["torpor_queue_wait_seconds_count"] == 1)

                let info = try torpor.info().activity
                #expect(info.requests >= 5)
                #expect(info.coldStarts.count == 2)
                #expect(info.failedStarts == 1)
                let text = try torpor.succeeding("system", "info").output
                #expect(text.contains("Cold starts:") && text.contains("p99"))
            }
        }

        @Test func needsTheRootOnlyPassword() throws {
            try TorporFixture.with { torpor in
                let path = "\(torpor.stateDirectory)/admin-password"
                let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
                #expect(mode == 0o600)
                let before = Host.text(path)
                #expect(try torpor.get("/metrics").status == 401)
                #expect(try torpor.get("/metrics", [("Authorization", "Bearer wrong")]).status == 401)
                #expect(try torpor.get("/system/functions").status == 401)
                #expect(try torpor.get("/ui/").status == 401)
                let right = [
                    ("Authorization", "Bearer \(before.trimmingCharacters(in: .whitespacesAndNewlines))")
                ]
                #expect(try torpor.get("/metrics", right).status == 200)
                #expect(try torpor.get("/ui/", right).status == 404)
                #expect(try torpor.request("POST", "/metrics", right).status == 405)
                #expect(try torpor.stop() == 0)
                try torpor.start()
                #expect(Host.text(path) == before, "the password stays")
                #expect(try torpor.stop() == 0)
                #expect(chmod(path, 0o644) == 0)
                let child = try torpor.launch()
                #expect(try child.wait() == 1)
                #expect(torpor.log.contains("admin-password"), "\(torpor.log)")
            }
        }

        @Test func mayHaveAnAddressOfTheirOwn() throws {
            let port = try freePort()
            try TorporFixture.with(configuration: "admin-listen: 127.0.0.1:\(port)") { torpor in
                let elsewhere = try torpor.get("/metrics")
                #expect(elsewhere.status == 404)
                #expect(try scrape(torpor, port: port)["torpor_functions"] == 0)
                #expect(try torpor.info().adminListen == "127.0.0.1:\(port)")
            }
        }
    }
}
