import Core
import Orchestrator
import Testing

@Suite struct AlarmsTests {
    @Test(arguments: 1...20) func `They ring as a plain list of them would`(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let keys = try (0..<50).map { try FunctionKey(name: "f\($0)") }
        var alarms = Alarms()
        var model: [FunctionKey: Int64] = [:]
        var now: Int64 = 0
        for _ in 0..<5000 {
            let key = keys[Int.random(in: 0..<keys.count, using: &random)]
            switch Int.random(in: 0..<10, using: &random) {
            case 0:
                alarms.set(key, at: nil)
                model[key] = nil
            case 1:
                now += Int64.random(in: 0...40, using: &random)
                let due = model.filter { $0.value <= now }.keys.sorted()
                #expect(alarms.takeDue(now) == due)
                for key in due { model[key] = nil }
            default:
                let at = now + Int64.random(in: 0...1000, using: &random)
                alarms.set(key, at: at)
                model[key] = at
            }
            #expect(alarms.next() == model.values.min())
        }
    }

    @Test func `One that is moved again and again leaves nothing behind`() throws {
        let keys = try (0..<1000).map { try FunctionKey(name: "f\($0)") }
        var alarms = Alarms()
        for (number, key) in keys.enumerated() { alarms.set(key, at: Int64(number)) }
        for moment in 0..<100_000 { alarms.set(keys[999], at: Int64(1000 + moment)) }
        #expect(alarms.keptEntries <= 2 * keys.count + 64)
        #expect(alarms.takeDue(.max) == keys.sorted())
        #expect(alarms.next() == nil && alarms.keptEntries == 0)
    }
}
