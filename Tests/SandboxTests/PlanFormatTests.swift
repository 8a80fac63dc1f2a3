import Core
import LinuxSystem
import Sandbox
import Testing

/// Sources/TorporInit/protocol.h and PlanFormat.swift say the same.
@Suite struct PlanFormatTests {
    private static let header: String = {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return (try? File.text("/\(root)/Sources/TorporInit/protocol.h")) ?? ""
    }()

    /// The values of an enum of the header, by name, counted as the compiler does.
    private static func values(ofEnum name: String) -> [String: UInt32] {
        var values: [String: UInt32] = [:]
        var next: UInt32 = 0
        let lines = header.split(separator: "\n", omittingEmptySubsequences: false)
        for line in lines.drop(while: { $0 != "enum \(name) {" }).dropFirst().prefix(while: { $0 != "};" }) {
            // Comments stand at the end of a line, or fill it.
            for part in withoutComment(line).split(separator: ",") {
                let sides = part.split(separator: "=").map { $0.filter { !$0.isWhitespace } }
                guard let name = sides.first, name.hasPrefix("TORPOR_") else { continue }
                if sides.count == 2, let value = UInt32(sides[1]) { next = value }
                values[name] = next
                next += 1
            }
        }
        return values
    }

    private static func withoutComment(_ line: Substring) -> Substring {
        var previous: Character = " "
        for index in line.indices {
            if previous == "/" && line[index] == "*" { return line[..<line.index(before: index)] }
            previous = line[index]
        }
        return line
    }

    /// `TORPOR_START_EXEC` from `exec`, `TORPOR_NO_NEW_PRIVILEGES` from `noNewPrivileges`.
    private static func constant(_ prefix: String, _ name: String) -> String {
        prefix + name.map { $0.isUppercase ? "_\($0)" : $0.uppercased() }.joined()
    }

    @Test func `Operations have the header's numbers`() {
        let values = Self.values(ofEnum: "torpor_op")
        #expect(values.count > PlanFormat.Operation.allCases.count)
        for operation in PlanFormat.Operation.allCases {
            #expect(values[Self.constant("TORPOR_", "\(operation)")] == operation.rawValue, "\(operation)")
        }
    }

    @Test func `Stages and kinds have the header's numbers`() {
        let stages = Self.values(ofEnum: "torpor_start")
        for stage in PlanFormat.StartStage.allCases {
            #expect(stages[Self.constant("TORPOR_START_", "\(stage)")] == stage.rawValue, "\(stage)")
        }
        let kinds = Self.values(ofEnum: "torpor_kind")
        for kind: PlanFormat.Kind in [
            .plan, .spawn, .signal, .go, .started, .failed, .exited, .reached, .master,
        ] {
            #expect(kinds[Self.constant("TORPOR_", "\(kind)")] == kind.rawValue, "\(kind)")
        }
    }

    @Test func `The limits of the header are those of the daemon`() {
        #expect(Self.header.contains("TORPOR_PLAN_BYTES = \(Limits.planBytes >> 20) << 20"))
        #expect(Self.header.contains("TORPOR_PACKET_BYTES = \(PlanFormat.packetBytes >> 10) << 10"))
        #expect(Self.header.contains("TORPOR_DESCRIPTORS = \(Limits.planDescriptors),"))
        #expect(Self.header.contains("TORPOR_PROTOCOL_VERSION = \(PlanFormat.version)"))
        #expect(Self.header.contains("TORPOR_CALLS = \(PlanFormat.calls)"))
    }

    @Test func `System calls have the kernel's numbers`() throws {
        for name in SystemCall.Name.allCases {
            #expect(SeccompCompiler.number(of: name.rawValue) == Int32(name.number), "\(name)")
        }
    }
}
