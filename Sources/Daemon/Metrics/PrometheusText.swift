internal import Core

/// Writes the text format of Prometheus, version 0.0.4: a metric's description, then its samples.
struct PrometheusText {
    private(set) var text = ""

    mutating func describe(_ metric: Metric) {
        text += "# HELP \(metric.rawValue) \(Self.escaped(metric.help, quotes: false))\n"
        text += "# TYPE \(metric.rawValue) \(metric.kind.rawValue)\n"
    }

    /// - Parameter values: of the metric's labels, in their order.
    mutating func sample(_ metric: Metric, _ values: String..., value: some Number) {
        sample(metric.rawValue, Self.pairs(metric, values), value.metricText)
    }

    /// Cumulative buckets, sum and count, in seconds.
    mutating func sample(_ metric: Metric, _ values: String..., durations: DurationCounts) {
        let pairs = Self.pairs(metric, values)
        var seen: UInt64 = 0
        for (index, count) in durations.counts.enumerated() {
            seen += count
            let isLast = index >= DurationHistogram.bounds.count
            let bound = isLast ? "+Inf" : (Double(DurationHistogram.bounds[index]) / 1e9).metricText
            sample("\(metric.rawValue)_bucket", pairs + [("le", bound)], seen.metricText)
        }
        sample("\(metric.rawValue)_sum", pairs, (Double(durations.nanoseconds) / 1e9).metricText)
        sample("\(metric.rawValue)_count", pairs, seen.metricText)
    }

    private mutating func sample(_ name: String, _ labels: [(String, String)], _ value: String) {
        text += name
        if !labels.isEmpty {
            let list = labels.map { "\($0.0)=\"\(Self.escaped($0.1, quotes: true))\"" }
            text += "{\(list.joined(separator: ","))}"
        }
        text += " \(value)\n"
    }

    private static func pairs(_ metric: Metric, _ values: [String]) -> [(String, String)] {
        precondition(values.count == metric.labels.count, "a value for each label of \(metric.rawValue)")
        return Array(zip(metric.labels, values))
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.append(character)
            }
        }
        return result
    }
}

/// A number as samples write it.
protocol Number {
    var metricText: String { get }
}

extension Int: Number { var metricText: String { "\(self)" } }
extension Int64: Number { var metricText: String { "\(self)" } }
extension UInt64: Number { var metricText: String { "\(self)" } }
extension Double: Number { var metricText: String { "\(self)" } }
