import Daemon
import Foundation
import Testing

/// docs/metrics.md says of every metric what `/metrics` says.
@Suite struct MetricsDocumentTests {
    private func rows() throws -> [[String]] {
        let path = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../docs/metrics.md").standardized
        return try String(contentsOf: path, encoding: .utf8).split(separator: "\n")
            .filter { $0.hasPrefix("| `") }
            .map { line in
                line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            }.filter { $0.count == 4 }
    }

    @Test func everyMetricHasItsRow() throws {
        let expected = Metric.allCases.map { metric in
            let labels = metric.labels.isEmpty ? "–" : metric.labels.map { "`\($0)`" }.joined(separator: " ")
            return ["`\(metric.rawValue)`", metric.kind.rawValue, labels, metric.help]
        }
        #expect(try rows() == expected)
    }
}
