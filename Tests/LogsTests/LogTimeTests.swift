import Logs
import Testing

@Suite struct LogTimeTests {
    @Test(
        "moments are written and read back",
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (951_782_399_999_999, "2000-02-28T23:59:59.999999Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (1_767_225_600_000_001, "2026-01-01T00:00:00.000001Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
        ] as [(Int64, String)])
    func roundTrip(microseconds: Int64, text: String) throws {
        #expect(LogTime(microseconds: microseconds).description == text)
        #expect(try #require(LogTime(text.utf8)).microseconds == microseconds)
    }

    @Test(
        "anything else is no moment",
        arguments: [
            "", "2026-01-01", "2026-13-01T00:00:00.000000Z", "2026-01-01T00:00:00.00000xZ",
            "2026-01-01 00:00:00.000000Z",
            "2026-01-01T24:00:00.000000Z",
        ])
    func refused(text: String) { #expect(LogTime(text.utf8) == nil) }
}
