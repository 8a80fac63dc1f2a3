import Networking
import Testing

@Suite struct ConnectionLimitsTests {
    @Test(
        "an instance has enough, and all together half of the table",
        arguments: [
            (262_144, 1024), (65_536, 1024), (32_768, 512), (16_384, 512), (4096, 512), (2048, 512),
            (1024, 256),
        ])
    func shares(tableSize: Int, ofOne: Int) {
        let limits = ConnectionLimits(tableSize: tableSize)
        #expect(limits.ofOne == ofOne)
        #expect(limits.groups * limits.ofGroup == tableSize / 2)
    }

    @Test func unknown() {
        #expect(ConnectionLimits(tableSize: nil).ofOne == 1024)
    }
}
