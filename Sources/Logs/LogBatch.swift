/// The lines of one read, as they go to the file and to followers.
struct LogBatch {
    let time: LogTime
    let stamp: [UInt8]
    private let instance: String
    private let stream: LogEntry.Stream
    private(set) var output: [UInt8] = []
    private(set) var lines = 0

    init(time: LogTime, pipe: LogPipe) {
        self.time = time
        stamp = time.bytes
        instance = pipe.log.instance
        stream = pipe.stream
    }

    mutating func add(_ line: UnsafeRawBufferPointer, continues: Bool) {
        LogEntry.append(to: &output, time: stamp, stream: stream, text: line, continues: continues)
        lines += 1
    }

    /// What readers of the file would see. For followers alone, so that nobody pays for text who has none.
    func entries() -> [LogEntry] {
        output.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true).compactMap {
            LogEntry(line: $0, instance: instance)
        }
    }
}
