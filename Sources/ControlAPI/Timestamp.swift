/// A moment of the wall clock. Travels as RFC 3339 in UTC: `2026-11-21T01:48:42.123456789Z`.
package struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Since 1970-01-01T00:00:00Z; reaches the year 2262.
    package let unixNanoseconds: Int64

    package init(unixNanoseconds: Int64) { self.unixNanoseconds = unixNanoseconds }

    /// Clamped to what nanoseconds in 64 bits hold.
    package init(unixSeconds: Int64) {
        let (value, overflow) = unixSeconds.multipliedReportingOverflow(by: 1_000_000_000)
        unixNanoseconds = overflow ? (unixSeconds < 0 ? .min : .max) : value
    }

    package var unixSeconds: Int64 { floorDivide(unixNanoseconds, 1_000_000_000) }

    package static func < (a: Self, b: Self) -> Bool { a.unixNanoseconds < b.unixNanoseconds }

    /// Without a fraction when it is a whole second, else with nine digits.
    package var description: String {
        let seconds = unixSeconds
        let fraction = unixNanoseconds - seconds &* 1_000_000_000
        let day = floorDivide(seconds, 86400)
        let second = seconds - day * 86400
        let (year, month, dayOfMonth) = Self.civil(fromDay: day)
        let date = "\(digits(year, 4))-\(digits(month, 2))-\(digits(dayOfMonth, 2))"
        let time = "\(digits(second / 3600, 2)):\(digits(second / 60 % 60, 2)):\(digits(second % 60, 2))"
        return fraction == 0 ? "\(date)T\(time)Z" : "\(date)T\(time).\(digits(fraction, 9))Z"
    }

    /// Reads RFC 3339 in UTC (`Z`), with up to nine digits of fraction.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard (20...30).contains(bytes.count), bytes[4] == dash, bytes[7] == dash,
            bytes[10] == UInt8(ascii: "T"), bytes[13] == colon, bytes[16] == colon,
            bytes.last == UInt8(ascii: "Z"),
            let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), (1...12).contains(month),
            let day = number(bytes[8..<10]), (1...31).contains(day), let hour = number(bytes[11..<13]),
            hour < 24,
            let minute = number(bytes[14..<16]), minute < 60, let second = number(bytes[17..<19]),
            second < 60,
            (1678...2261).contains(year)
        else { return nil }
        var fraction: Int64 = 0
        if bytes.count > 20 {
            let tail = bytes[20..<(bytes.count - 1)]
            guard bytes[19] == UInt8(ascii: "."), !tail.isEmpty, let value = number(tail) else { return nil }
            fraction = (tail.count..<9).reduce(value) { result, _ in result * 10 }
        } else if bytes[19] != UInt8(ascii: "Z") {
            return nil
        }
        let seconds =
            Self.day(year: year, month: month, day: day) * 86400 + hour * 3600 + minute * 60 + second
        unixNanoseconds = seconds * 1_000_000_000 + fraction
    }

    /// Proleptic Gregorian calendar by eras of 400 years (146,097 days) that begin on 1 March.
    private static func civil(fromDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468
        let era = floorDivide(shifted, 146_097)
        let ofEra = shifted - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * ofYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, ofYear - (153 * marchMonth + 2) / 5 + 1
        )
    }

    private static func day(year: Int64, month: Int64, day: Int64) -> Int64 {
        let marchYear = month <= 2 ? year - 1 : year
        let era = floorDivide(marchYear, 400)
        let yearOfEra = marchYear - era * 400
        let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let ofEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + ofYear
        return era * 146_097 + ofEra - 719_468
    }
}

extension Timestamp: Codable {
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Timestamp(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not a time as 2026-11-21T01:48:42Z"))
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

private let dash = UInt8(ascii: "-")
private let colon = UInt8(ascii: ":")

private func floorDivide(_ a: Int64, _ b: Int64) -> Int64 { a >= 0 ? a / b : -((-(a + 1)) / b) - 1 }

private func digits(_ value: Int64, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
}

private func number(_ digits: ArraySlice<UInt8>) -> Int64? {
    guard digits.count <= 9, digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return digits.reduce(0) { $0 * 10 + Int64($1 - 48) }
}
