/// A moment as logs write it: RFC 3339, UTC, microseconds, always 27 bytes (`2026-01-01T00:00:00.000000Z`), so that
/// text order is time order.
package struct LogTime: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Since 1970.
    package let microseconds: Int64
    package init(microseconds: Int64) { self.microseconds = max(0, min(microseconds, Self.last)) }

    static let length = 27
    /// The end of the year 9999, after which four digits do not hold it.
    private static let last: Int64 = 253_402_300_799_999_999

    /// - Returns: nil unless the bytes are exactly of this form.
    package init?(_ text: some Collection<UInt8>) {
        let bytes = Array(text)
        let form = Array("0000-00-00T00:00:00.000000Z".utf8)
        guard bytes.count == form.count else { return nil }
        var fields: [Int64] = [0]
        for (byte, expected) in zip(bytes, form) {
            if expected == UInt8(ascii: "0") {
                guard (48...57).contains(byte) else { return nil }
                fields[fields.count - 1] = fields[fields.count - 1] * 10 + Int64(byte - 48)
            } else {
                guard byte == expected else { return nil }
                fields.append(0)
            }
        }
        guard (1...12).contains(fields[1]), (1...31).contains(fields[2]), fields[3] < 24, fields[4] < 60,
            fields[5] < 61
        else { return nil }
        let days = Self.days(year: fields[0], month: fields[1], day: fields[2])
        let seconds = ((days * 24 + fields[3]) * 60 + fields[4]) * 60 + fields[5]
        self.init(microseconds: seconds * 1_000_000 + fields[6])
    }

    package var bytes: [UInt8] {
        let (days, inDay) = (microseconds / 86_400_000_000, microseconds % 86_400_000_000)
        let (year, month, day) = Self.date(days: days)
        let seconds = inDay / 1_000_000
        var text: [UInt8] = []
        text.reserveCapacity(Self.length)
        func put(_ value: Int64, _ digits: Int, _ after: Character) {
            var divisor = (1..<digits).reduce(Int64(1)) { power, _ in power * 10 }
            while divisor > 0 {
                text.append(UInt8(48 + value / divisor % 10))
                divisor /= 10
            }
            text.append(contentsOf: String(after).utf8)
        }
        put(year, 4, "-")
        put(month, 2, "-")
        put(day, 2, "T")
        put(seconds / 3600, 2, ":")
        put(seconds / 60 % 60, 2, ":")
        put(seconds % 60, 2, ".")
        put(inDay % 1_000_000, 6, "Z")
        return text
    }

    package var description: String { String(decoding: bytes, as: UTF8.self) }
    package static func < (a: Self, b: Self) -> Bool { a.microseconds < b.microseconds }

    // The proleptic Gregorian calendar with years that begin in March, so that a leap day is the last of its year.

    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month > 2 ? year : year - 1
        let era = shifted / 400
        let inEra = shifted - era * 400
        let inYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + inEra * 365 + inEra / 4 - inEra / 100 + inYear - 719_468
    }

    private static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let inEra = shifted - era * 146_097
        let year = (inEra - inEra / 1460 + inEra / 36524 - inEra / 146_096) / 365
        let inYear = inEra - (365 * year + year / 4 - year / 100)
        let month = (5 * inYear + 2) / 153
        let day = inYear - (153 * month + 2) / 5 + 1
        let calendarMonth = month < 10 ? month + 3 : month - 9
        return (year + era * 400 + (calendarMonth <= 2 ? 1 : 0), calendarMonth, day)
    }
}
