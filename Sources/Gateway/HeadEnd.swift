/// Looks for the empty line that ends a head.
enum HeadEnd {
    static func isFound(_ bytes: RawSpan, from start: Int) -> Bool {
        var newlines = 0
        for offset in start..<bytes.byteCount {
            switch bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self) {
            case 0x0a:
                newlines += 1
                if newlines == 2 { return true }
            case 0x0d: break
            default: newlines = 0
            }
        }
        return false
    }
}
