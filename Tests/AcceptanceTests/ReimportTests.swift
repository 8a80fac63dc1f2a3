import ControlAPI
import Core
import Foundation
import Testing

extension AcceptanceTests {
    /// Content that was collected and comes again.
    @Suite struct ReimportTests {
        @Test func contentThatWasCollectedMayComeAgain() throws {
            try TorporFixture.with { torpor in
                let store = "\(torpor.stateDirectory)/images/rootfs"
                for round in 1...3 {
                    try torpor.deploy("hello", environment: ["HELLO": "round \(round)"])
                    #expect(try torpor.get("/function/hello").text.hasPrefix("round \(round)"))
                    try torpor.remove("hello")
                    try becomesTrue("the content is collected") {
                        try FileManager.default.contentsOfDirectory(atPath: store).isEmpty
                    }
                }
            }
        }
    }
}
