internal import CSeccomp

/// A shorter program that gives every system call the same verdict.
///
/// libseccomp compares a call's number with every one that it was told of, at best along a tree. What a profile allows
/// lies together, though: a search among the places where the verdict changes needs far fewer instructions, and each of
/// them is checked, converted and compiled by the kernel at every start of a process.
package struct FilterRanges {
    /// What the number of a system call leads to.
    private enum Outcome: Hashable {
        case verdict(UInt32)
        /// From this instruction on the program looks at arguments.
        case goesOn(at: Int)

        var place: Int? { if case .goesOn(let place) = self { place } else { nil } }
    }

    private let program: [FilterInstruction]

    /// - Parameter program: an array of `struct sock_filter`.
    /// - Returns: the same program where it is for several architectures, or would not become shorter.
    package static func shorten(_ program: [UInt8]) -> [UInt8] {
        let size = FilterInstruction.size
        guard program.count % size == 0 else { return program }
        let instructions = stride(from: 0, to: program.count, by: size).map {
            FilterInstruction(bytes: program[$0..<$0 + size])
        }
        guard let shorter = FilterRanges(program: instructions).search(), shorter.count < instructions.count
        else { return program }
        return shorter.flatMap(\.bytes)
    }

    private func search() -> [FilterInstruction]? {
        guard case .verdict(let foreign)? = outcome(of: nil), let ranges = ranges() else { return nil }
        var writer = BackwardWriter(block(from: ranges.compactMap(\.outcome.place)))
        writer.reach(search(ranges[...], &writer), within: 0)
        typealias Code = FilterInstruction.Code
        writer.write(FilterInstruction(load: FilterInstruction.Data.number))
        writer.write(FilterInstruction(verdict: foreign))
        writer.write(FilterInstruction(Code.jumpIfEqual, seccomp_arch_native(), over: 1))
        writer.write(FilterInstruction(load: FilterInstruction.Data.architecture))
        return writer.program
    }

    /// Writes the search of a number among ranges. - Returns: where it begins.
    private func search(_ ranges: ArraySlice<Range>, _ writer: inout BackwardWriter) -> Int {
        guard ranges.count > 1 else {
            switch ranges[ranges.startIndex].outcome {
            case .verdict(let value): return writer.verdict(value)
            case .goesOn(let place): return writer.places[place] ?? 0
            }
        }
        let middle = ranges.startIndex + ranges.count / 2
        let upper = search(ranges[middle...], &writer)
        let lower = search(ranges[..<middle], &writer)
        return writer.branch(atLeast: ranges[middle].first, upper, else: lower)
    }

    // MARK: What the program says

    private struct Range {
        let first: UInt32
        let outcome: Outcome
    }

    /// In order, from 0 on.
    private func ranges() -> [Range]? {
        // A verdict can only change at numbers that the program names.
        let named = program.lazy.filter { $0.code & 0x07 == FilterInstruction.Code.jump }.map(\.operand)
        let places = Set(named).union(named.map { $0 &+ 1 }).union([0])
        var ranges: [Range] = []
        for place in places.sorted() {
            guard let outcome = outcome(of: place) else { return nil }
            if ranges.last?.outcome != outcome { ranges.append(Range(first: place, outcome: outcome)) }
        }
        return ranges
    }

    /// - Parameter number: of a system call of this machine's architecture; nil is any call of another.
    /// - Returns: nil where that cannot be told, or takes other means than comparisons.
    private func outcome(of number: UInt32?) -> Outcome? {
        typealias Code = FilterInstruction.Code
        var isNumber = false
        var position = 0
        while position < program.count {
            let step = program[position]
            let holds: Bool
            switch (step.code, isNumber, number) {
            case (Code.verdict, _, _): return .verdict(step.operand)
            case (Code.load, _, _):
                if step.operand != FilterInstruction.Data.architecture && number == nil { return nil }
                if step.operand > FilterInstruction.Data.architecture { return .goesOn(at: position) }
                isNumber = step.operand == FilterInstruction.Data.number
                position += 1
                continue
            case (Code.jump, _, _):
                position += Int(step.operand) + 1
                continue
            case (Code.jumpIfEqual, false, nil):
                guard step.operand == seccomp_arch_native() else { return nil }
                holds = false
            case (Code.jumpIfEqual, false, _?): holds = step.operand == seccomp_arch_native()
            case (Code.jumpIfEqual, true, let number?): holds = number == step.operand
            case (Code.jumpIfAbove, true, let number?): holds = number > step.operand
            case (Code.jumpIfAtLeast, true, let number?): holds = number >= step.operand
            default: return nil
            }
            position += Int(holds ? step.jumpTrue : step.jumpFalse) + 1
        }
        return nil
    }

    /// What can be reached from these places, with the jumps as long as they are now. All of them go forward.
    private func block(from places: [Int]) -> [(place: Int, instruction: FilterInstruction)] {
        var reached = Set(places)
        for position in program.indices where reached.contains(position) {
            reached.formUnion(successors(of: position))
        }
        let kept = reached.filter(program.indices.contains).sorted()
        let index = Dictionary(uniqueKeysWithValues: zip(kept, kept.indices))
        return kept.map { place in
            var step = program[place]
            let distances = successors(of: place).map { (index[$0] ?? 0) - (index[place] ?? 0) - 1 }
            if step.code == FilterInstruction.Code.jump {
                step.operand = UInt32(distances[0])
            } else if distances.count == 2 {
                (step.jumpTrue, step.jumpFalse) = (UInt8(distances[0]), UInt8(distances[1]))
            }
            return (place, step)
        }
    }

    private func successors(of position: Int) -> [Int] {
        let step = program[position]
        if step.code == FilterInstruction.Code.verdict { return [] }
        if step.code == FilterInstruction.Code.jump { return [position + Int(step.operand) + 1] }
        guard step.code & 0x07 == FilterInstruction.Code.jump else { return [position + 1] }
        return [position + Int(step.jumpTrue) + 1, position + Int(step.jumpFalse) + 1]
    }
}

/// Writes a program from its end on, since jumps go forward: where they go to is known then. Places are counted from
/// the end, the last instruction being 1.
private struct BackwardWriter {
    private var reversed: [FilterInstruction]
    private var verdicts: [UInt32: Int] = [:]
    /// Where instructions of the block are, by their place in the program that it was taken from.
    let places: [Int: Int]

    /// How far a comparison jumps, with some room for what is written between it and its targets.
    private static let far = 250

    /// - Parameter block: the end of the program.
    init(_ block: [(place: Int, instruction: FilterInstruction)]) {
        reversed = block.reversed().map(\.instruction)
        places = Dictionary(
            uniqueKeysWithValues: block.enumerated().map { ($0.element.place, block.count - $0.offset) })
    }

    var program: [FilterInstruction] { reversed.reversed() }

    @discardableResult mutating func write(_ instruction: FilterInstruction) -> Int {
        reversed.append(instruction)
        return reversed.count
    }

    mutating func verdict(_ value: UInt32) -> Int {
        if let place = verdicts[value], reversed.count - place <= Self.far { return place }
        let place = write(FilterInstruction(verdict: value))
        verdicts[value] = place
        return place
    }

    /// - Returns: a place no further than that from what is written next, from where the program goes on at `place`.
    @discardableResult mutating func reach(_ place: Int, within distance: Int = far) -> Int {
        if reversed.count - place <= distance { return place }
        return write(FilterInstruction(jumpOver: reversed.count - place))
    }

    mutating func branch(atLeast value: UInt32, _ upper: Int, else lower: Int) -> Int {
        let (upper, lower) = (reach(upper), reach(lower))
        return write(
            FilterInstruction(
                FilterInstruction.Code.jumpIfAtLeast, value, over: reversed.count - upper,
                elseOver: reversed.count - lower))
    }
}
