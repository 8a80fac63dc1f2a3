import OCIRuntime
import Testing

@Suite struct SignalNumberTests {
    @Test(arguments: [
        ("15", 15), ("TERM", 15), ("SIGTERM", 15), ("sigkill", 9), ("HUP", 1), ("SYS", 31), ("RTMIN", 34),
        ("SIGRTMIN+3", 37), ("RTMAX-1", 63), ("64", 64),
    ])
    func names(text: String, number: Int32) throws {
        #expect(try SignalNumber(text).rawValue == number)
    }

    @Test(arguments: ["", "0", "65", "-9", "SIG", "NONE", "RTMIN-1", "RTMAX+1", "RTMINx"])
    func others(text: String) {
        #expect(throws: (any Error).self) { try SignalNumber(text) }
    }

    @Test func aProcessNameMayHaveAnythingInIt() {
        let rest = "S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21"
        #expect(ProcessStatistics("42 (a) b) \(rest)")?.start == 4711)
        #expect(ProcessStatistics("42 (a) Z b) \(rest)")?.state == "S")
        #expect(ProcessStatistics("42 (a)") == nil)
    }

    @Test(arguments: ["a", "A-b_c.d+1", String(repeating: "x", count: 255)])
    func idsThatAreGood(text: String) throws {
        #expect(try ContainerID(text).description == text)
    }

    @Test(arguments: ["", ".", "..", "a/b", "a b", "ä", String(repeating: "x", count: 256)])
    func idsThatAreNot(text: String) {
        #expect(throws: (any Error).self) { try ContainerID(text) }
    }
}
