/// A number of bytes. Written as Kubernetes writes it: `128Mi`, `1Gi`, `500M`, `65536`.
package struct ByteCount: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let bytes: Int64

    package init(_ bytes: Int64) { self.bytes = bytes }
    package static func mebibytes(_ n: Int64) -> ByteCount { ByteCount(n << 20) }
    package static func kibibytes(_ n: Int64) -> ByteCount { ByteCount(n << 10) }

    /// - Throws: `InvalidInput` when the text is no quantity, is negative, or is over 2^62 bytes.
    package init(parsing text: String) throws(InvalidInput) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let suffix = String(text.dropFirst(digits.count))
        guard let number = Int64(digits), let unit = Self.units[suffix],
            case let (value, overflow) = number.multipliedReportingOverflow(by: unit), !overflow,
            value < 1 << 62
        else {
            throw InvalidInput(
                "", "'\(text.prefix(40))' is not a size",
                allowed: "a whole number with Ki, Mi, Gi, Ti, k, M, G, T or nothing")
        }
        bytes = value
    }

    package var description: String {
        for (suffix, unit) in [("Ti", Int64(1) << 40), ("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)]
        where bytes >= unit && bytes % unit == 0 {
            return "\(bytes / unit)\(suffix)"
        }
        return "\(bytes)"
    }

    package static func < (a: Self, b: Self) -> Bool { a.bytes < b.bytes }

    private static let units: [String: Int64] = [
        "": 1, "k": 1000, "K": 1000, "M": 1_000_000, "G": 1_000_000_000, "T": 1_000_000_000_000,
        "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40,
    ]
}

/// A share of processor time in thousandths of one core. Written `500m`, `0.5` or `2`.
package struct CPUQuantity: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let millicores: Int

    package init(millicores: Int) { self.millicores = millicores }

    /// - Throws: `InvalidInput` when the text is no quantity, or outside 10m to 1024 cores.
    package init(parsing text: String) throws(InvalidInput) {
        let value: Double?
        if text.hasSuffix("m") {
            value = Int(text.dropLast()).map(Double.init)
        } else {
            value = Double(text).map { $0 * 1000 }
        }
        guard let value, value.isFinite, value >= 10, value <= 1_024_000 else {
            throw InvalidInput(
                "", "'\(text.prefix(40))' is not an amount of CPU",
                allowed: "cores as 0.5 or millicores as 500m, 10m to 1024")
        }
        millicores = Int(value.rounded())
    }

    package var description: String { millicores % 1000 == 0 ? "\(millicores / 1000)" : "\(millicores)m" }
    package static func < (a: Self, b: Self) -> Bool { a.millicores < b.millicores }
}

/// How long something lasts, as users write it: `60s`, `5m`, `1h30m`, `250ms`.
package enum DurationText {
    /// - Throws: `InvalidInput` when the text is no duration or is over ten years.
    package static func parse(_ text: String) throws(InvalidInput) -> Duration {
        let problem = InvalidInput(
            "", "'\(text.prefix(40))' is not a duration", allowed: "such as 250ms, 60s, 5m or 1h30m")
        var rest = Substring(text)
        var total: Double = 0
        if rest.isEmpty { throw problem }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let number = Double(digits), let scale = units[String(unit)] else { throw problem }
            total += number * scale
        }
        guard total.isFinite, total <= 315_360_000 else { throw problem }
        return .nanoseconds(Int64(total * 1e9))
    }

    package static func format(_ duration: Duration) -> String {
        let milliseconds =
            duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
        if milliseconds % 1000 != 0 { return "\(milliseconds)ms" }
        let seconds = milliseconds / 1000
        if seconds != 0, seconds % 3600 == 0 { return "\(seconds / 3600)h" }
        if seconds != 0, seconds % 60 == 0 { return "\(seconds / 60)m" }
        return "\(seconds)s"
    }

    private static let units: [String: Double] = ["ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400]
}

extension Duration {
    /// Whole nanoseconds, clamped to what 64 bits hold.
    package var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (high, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? (seconds < 0 ? .min : .max) : high &+ attoseconds / 1_000_000_000
    }
}
