import HTTPWire
import Testing

struct ChunkTests {
    @Test(arguments: [
        "0\r\n\r\n", "3\r\nabc\r\n0\r\n\r\n", "a\r\n0123456789\r\n1\r\nx\r\n0\r\n\r\n",
        "3;ext=\"v\"\r\nabc\r\n0;last\r\nTrailer: t\r\nOther: u\r\n\r\n", "00003\r\nabc\r\n000\r\n\r\n",
    ]) func anySplitReadsTheSame(_ text: String) throws {
        let bytes = Array((text + "NEXT").utf8)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                var scanner = ChunkScanner()
                var used = 0
                var content: [UInt8] = []
                for (from, to) in [(0, first), (first, second), (second, bytes.count)] where !scanner.isDone {
                    let part = Array(bytes[from..<to])
                    var offset = 0
                    while let range = try scanner.next(part.span.bytes, from: &offset) {
                        content += part[range]
                    }
                    used += offset
                }
                #expect(scanner.isDone)
                #expect(used == text.utf8.count)
                #expect(content == Self.decoded(text))
            }
        }
    }

    @Test(arguments: [
        "\r\n", "g\r\n", "3 \r\nabc\r\n", "3\nabc\r\n", "3\r\nabcd\r\n", "3\r\nabc\n", "3\r\nabc\r0",
        "-1\r\n",
        "0x3\r\nabc", "3\rabc", "1000000000000000\r\n", "0\r\n\n", "0\r\n bad: x\r\n", "0\r\nA: \0\r\n",
        ";x\r\n",
        "3;a\nb\r\n", "3;\0\r\n",
    ]) func malformedChunks(_ text: String) {
        let bytes = Array(text.utf8)
        #expect(throws: HeadError.malformed) {
            var scanner = ChunkScanner()
            _ = try scanner.scan(bytes.span.bytes, from: 0)
        }
    }

    @Test func overheadIsBounded() {
        let long = String(repeating: "e", count: ChunkScanner.overheadLimit + 1)
        for text in ["3;\(long)", "0\r\n\(long)"] {
            let bytes = Array(text.utf8)
            #expect(throws: HeadError.tooLarge) {
                var scanner = ChunkScanner()
                _ = try scanner.scan(bytes.span.bytes, from: 0)
            }
        }
    }

    @Test func contentAlone() throws {
        let bytes = Array("3\r\nabc\r\n2;x\r\nde\r\n0\r\nT: u\r\n\r\nrest".utf8)
        var scanner = BodyScanner(.chunked)
        var used = 0
        let output = try build(bytes.count) { (output) throws(HeadError) in
            used = try scanner.takeContent(bytes.span.bytes, from: 0, into: &output)
        }
        #expect(String(decoding: output, as: UTF8.self) == "abcde")
        #expect(used == bytes.count - 4)
        #expect(scanner.isDone)
    }

    @Test func lengths() throws {
        var scanner = BodyScanner(.length(5))
        let bytes = Array("abcdefg".utf8)
        #expect(try scanner.take(Array(bytes[..<3]).span.bytes, from: 0) == 3)
        #expect(!scanner.isDone)
        #expect(try scanner.take(Array(bytes[3...]).span.bytes, from: 0) == 2)
        #expect(scanner.isDone)
    }

    private static func decoded(_ text: String) -> [UInt8] {
        text.hasPrefix("a") ? Array("0123456789x".utf8) : text.contains("abc") ? Array("abc".utf8) : []
    }
}
