/// What torpor-init tells the daemon. Init shares a kernel with hostile code, so a report is checked like any input.
package enum InitReport: Sendable, Hashable {
    /// The program of request `id` runs.
    case started(id: UInt32)
    case failed(id: UInt32, InitFailure)
    /// - Parameter status: as wait(2) has it.
    case exited(id: UInt32, status: Int32)
    /// torpor-stage waits at a `sync`.
    case reached(UInt32)
    /// The master of the terminal has come.
    case master

    /// - Returns: nil for what is no report.
    package init?(_ packet: [UInt8]) {
        let words = stride(from: 0, to: packet.count - packet.count % 4, by: 4).map { offset in
            packet[offset..<offset + 4].withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
        }
        guard packet.count >= PlanFormat.messageBytes, let kind = PlanFormat.Kind(rawValue: words[0]) else {
            return nil
        }
        let id = words[1]
        switch kind {
        case .started: self = .started(id: id)
        case .exited: self = .exited(id: id, status: Int32(bitPattern: words[3]))
        case .reached: self = .reached(words[3])
        case .master: self = .master
        case .failed where packet.count == PlanFormat.messageBytes + PlanFormat.failureBytes:
            self = .failed(
                id: id,
                InitFailure(step: words[4], operation: words[5], code: words[6], detail: words[7]))
        default: return nil
        }
    }
}

/// A step that failed.
package struct InitFailure: Sendable, Hashable {
    /// Index in the plan, or `PlanFormat.noStep`.
    package let step: UInt32
    package let operation: UInt32
    /// errno(3).
    package let code: Int32
    package let stage: PlanFormat.StartStage?
    /// Which of the process's own calls it was, where `stage` says `calls`.
    package let call: Int

    package init(step: UInt32, operation: UInt32, code: UInt32, detail: UInt32) {
        self.step = step
        self.operation = operation
        self.code = Int32(truncatingIfNeeded: code)
        let isLast = operation >= PlanFormat.Operation.start.rawValue
        stage = isLast ? PlanFormat.StartStage(rawValue: detail & 0xff) : nil
        call = Int(detail >> 8)
    }
}
