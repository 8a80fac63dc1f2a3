import Core
import Foundation
import Testing

/// What `network` may be, and how it is written down.
@Suite struct NetworkSpecTests {
    @Test(arguments: [
        ("0.0.0.0/0:443", "0.0.0.0/0", ["443"]), ("10.1.2.3", "10.1.2.3", []),
        ("10.0.0.0/8:443,8000-8999", "10.0.0.0/8", ["443", "8000-8999"]), ("10.1.2.3/32", "10.1.2.3", []),
    ]) func rules(text: String, to: String, ports: [String]) throws {
        let rule = try EgressRule(parsing: text)
        #expect(rule.networkText == to && rule.portTexts == ports)
        #expect(try EgressRule(parsing: rule.description) == rule)
        #expect(try JSONDecoder().decode(EgressRule.self, from: JSONEncoder().encode(rule)) == rule)
    }

    @Test(arguments: [
        "", "10.0.0.0/", "10.0.0/8", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/33", "10.0.0.1/24",
        "10.0.0.0/8:",
        "10.0.0.0/8:0", "10.0.0.0/8:65536", "10.0.0.0/8:9-8", "10.0.0.0/8:1-2-3", "10.0.0.0/8:+1",
        "fe80::/10",
        "example.org", "10.0.0.0/8 accept", "10.0.0.0/8:443,", "10.0.0.0/8:443 }", "*",
    ]) func whatIsNoRuleIsRefused(text: String) {
        #expect(throws: InvalidInput.self) { try EgressRule(parsing: text) }
    }

    @Test func jsonOfEachKind() throws {
        let rule = try EgressRule(to: "10.0.0.0/8", ports: ["443"])
        for (network, json) in [
            (NetworkSpec.default, #""default""#), (.none, #""none""#), (.egress([]), #"{"egress":"none"}"#),
            (.egress([rule]), #"{"egress":[{"ports":["443"],"to":"10.0.0.0/8"}]}"#),
        ] {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            #expect(String(decoding: try encoder.encode(network), as: UTF8.self) == json)
            #expect(try JSONDecoder().decode(NetworkSpec.self, from: Data(json.utf8)) == network)
        }
        let decoder = JSONDecoder()
        #expect(try decoder.decode(NetworkSpec.self, from: Data(#"{"egress":"open"}"#.utf8)) == .default)
        let number = #"{"egress":[{"to":"10.0.0.0/8","ports":[443]}]}"#
        #expect(try decoder.decode(NetworkSpec.self, from: Data(number.utf8)) == .egress([rule]))
        for wrong in [
            #""host""#, #"{"egress":"closed"}"#, #"{"egres":"none"}"#, #"{"egress":[{"ports":[1]}]}"#,
        ] {
            #expect(throws: (any Error).self, "\(wrong)") {
                try decoder.decode(NetworkSpec.self, from: Data(wrong.utf8))
            }
        }
    }

    @Test func limitsAndWhatIsNeverReached() throws {
        func problem(_ rules: [EgressRule]) -> String {
            var spec = FunctionSpec()
            spec.network = .egress(rules)
            do { try spec.validate() } catch { return "\(error)" }
            return ""
        }
        let rule = try EgressRule(to: "10.0.0.0/8")
        #expect(problem(Array(repeating: rule, count: Limits.egressRules)) == "")
        #expect(problem(Array(repeating: rule, count: Limits.egressRules + 1)).contains("at most"))
        let ports = (1...Limits.egressPorts + 1).map { "\($0)" }
        #expect(problem([try EgressRule(to: "10.0.0.0/8", ports: ports)]).contains("network.egress[0].ports"))
        #expect(problem([try EgressRule(to: "0.0.0.0/0")]) == "", "everything holds what is never reached")
        for never in ["127.0.0.1", "169.254.0.0/16", "169.254.169.254", "224.0.0.1", "255.255.255.255"] {
            #expect(problem([rule, try EgressRule(to: never)]).hasPrefix("network.egress[1].to"), "\(never)")
        }
        let nameServer = try EgressRule(parsing: "169.254.169.253:53")
        #expect(problem([nameServer]) == "")
        for other in ["169.254.169.253:53,80", "169.254.169.253:53-54", "127.0.0.1:53"] {
            #expect(problem([try EgressRule(parsing: other)]) != "", "\(other)")
        }
    }

    @Test func noPortsAreNotEveryPort() throws {
        let json = #"{"egress": [{"to": "10.0.0.0/8", "ports": []}]}"#
        #expect {
            try JSONDecoder().decode(NetworkSpec.self, from: Data(json.utf8))
        } throws: { "\($0)".contains("ports") && "\($0)".contains("is empty") }
    }
}
