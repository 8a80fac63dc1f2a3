internal import LinuxSystem

/// Writes steps as `struct torpor_step` (Sources/TorporInit/protocol.h), in the machine's byte order.
struct PlanEncoder {
    private(set) var bytes: [UInt8] = []
    private(set) var instanceOffsets: [Int] = []

    mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
    }

    /// What a step has beside its operation. Texts and data follow the fixed part.
    private struct Content {
        var descriptor: Int32 = -1
        var mode: UInt32 = 0
        var flags: UInt64 = 0
        var value: UInt64 = 0
        var texts: [String] = []
        var data: [UInt8]?
    }

    private mutating func emit(_ operation: PlanFormat.Operation, _ content: Content = Content()) {
        let start = bytes.count
        let texts = content.texts.map { Array($0.utf8) + [0] }
        var offset = PlanFormat.stepBytes
        var offsets: [UInt32] = [0, 0]
        for (index, text) in texts.enumerated() {
            offsets[index] = UInt32(offset)
            offset += text.count
        }
        let dataOffset = roundUp(offset)
        let size = roundUp(dataOffset + (content.data?.count ?? 0))
        append(operation.rawValue)
        append(UInt32(size))
        append(content.descriptor)
        append(content.mode)
        append(content.flags)
        append(content.value)
        append(offsets[0])
        append(offsets[1])
        append(content.data == nil ? 0 : UInt32(dataOffset))
        append(UInt32(content.data?.count ?? 0))
        for text in texts { bytes.append(contentsOf: text) }
        pad(to: start + dataOffset)
        bytes.append(contentsOf: content.data ?? [])
        pad(to: start + size)
    }

    private mutating func pad(to count: Int) {
        bytes.append(contentsOf: repeatElement(0, count: count - bytes.count))
    }

    private func roundUp(_ count: Int) -> Int { (count + 7) & ~7 }

    mutating func append(_ step: LaunchPlan.Step) {
        switch step {
        case .becomeRoot(let keepsGroups):
            emit(.becomeRoot, Content(flags: keepsGroups ? 1 : 0))
        case .root(let descriptor, let path):
            emit(.root, Content(descriptor: descriptor.place, texts: [path]))
        case .mount(let type, let target, let options, let attributes):
            emit(
                .mount, Content(flags: attributes.rawValue, texts: [type, target], data: Self.row(options)))
        case .attach(let descriptor, let target, let attributes):
            emit(
                .attach,
                // The target is the second text of every step that mounts.
                Content(
                    descriptor: descriptor.place, flags: attributes.rawValue, texts: ["", target]))
        case .attachment(let descriptor, let target, let isFile):
            emit(
                .attach, Content(descriptor: descriptor.place, mode: isFile ? 2 : 0, texts: ["", target]))
        case .bind(let source, let target, let attributes):
            emit(.bind, Content(flags: attributes.rawValue, texts: [source, target]))
        case .mask(let path): emit(.mask, Content(texts: [path]))
        case .cover(let path): emit(.mask, Content(mode: 1, texts: [path]))
        case .readonly(let path): emit(.readonly, Content(texts: [path]))
        case .mountReadonly(let path): emit(.readonly, Content(mode: 1, texts: [path]))
        case .directory(let path, let mode): emit(.directory, Content(mode: mode, texts: [path]))
        case .symlink(let content, let target): emit(.symlink, Content(texts: [content, target]))
        case .write(let path, let content, _):
            emit(.write, Content(texts: [path], data: Array(content.utf8)))
        case .call(let call): emit(.call, Self.content(call))
        case .pivot: emit(.pivot)
        case .sync(let point, let listener):
            emit(.sync, Content(descriptor: listener?.place ?? -1, value: UInt64(point)))
        case .terminal(let console, let rows, let columns, let owner):
            emit(
                .terminal,
                Content(
                    mode: owner, flags: UInt64(rows), value: UInt64(columns),
                    texts: console.map { [$0] } ?? [])
            )
        case .enter(let namespaces, let users, let keepsGroups):
            emit(
                .enter,
                Content(
                    descriptor: users?.place ?? -1, mode: (users == nil ? 0 : 1) | (keepsGroups ? 2 : 0),
                    data: Self.packed(namespaces.map(\.place))))
        default: appendProcess(step)
        }
    }

    private mutating func appendProcess(_ step: LaunchPlan.Step) {
        switch step {
        case .stdio(let descriptors):
            emit(.stdio, Content(data: Self.packed(descriptors.map(\.place))))
        case .streams(let places, let isTerminal):
            emit(.stdio, Content(mode: isTerminal ? 1 : 0, data: Self.packed(places.map { $0 ?? -1 })))
        case .moreEnvironment(let texts, let replaces):
            emit(.environment, Content(mode: replaces ? 3 : 1, data: texts))
        case .arguments(let arguments): emit(.arguments, Content(data: Self.row(arguments)))
        case .program(let place, let arguments):
            emit(.arguments, Content(descriptor: place, data: Self.row(arguments)))
        case .programAt(let path, let arguments):
            emit(.arguments, Content(texts: [path], data: Self.row(arguments)))
        case .environment(let variables): appendEnvironment(variables)
        case .workingDirectory(let path): emit(.workingDirectory, Content(texts: [path]))
        case .identity(let user, let group, let groups, let umask):
            emit(
                .identity,
                Content(mode: umask, flags: UInt64(group), value: UInt64(user), data: Self.packed(groups)))
        case .keepGroups: emit(.keepGroups)
        case .processWrite(let path, let content, _):
            emit(.processWrite, Content(texts: [path], data: Array(content.utf8)))
        case .processCall(let call): emit(.processCall, Self.content(call))
        case .capabilities(let bounding, let effective, let permitted, let inheritable, let ambient):
            let masks = [bounding, effective, permitted, inheritable, ambient]
            emit(.capabilities, Content(data: Self.packed(masks)))
        case .noNewPrivileges: emit(.noNewPrivileges)
        case .seccomp(let filter, let flags, let listener):
            emit(
                .seccomp,
                Content(
                    descriptor: listener?.socket.place ?? -1, flags: flags,
                    texts: listener.map { [$0.message] } ?? [], data: filter))
        case .pass(let descriptors): emit(.pass, Content(data: Self.packed(descriptors.map(\.place))))
        case .start: emit(.start)
        case .ready: emit(.ready)
        default: preconditionFailure("every step is either of the container or of the process")
        }
    }

    private mutating func appendEnvironment(_ variables: [String]) {
        let start = bytes.count + PlanFormat.stepBytes
        var offset = 0
        for variable in variables {
            if variable.hasPrefix(EncodedPlan.instanceVariable) {
                instanceOffsets.append(start + offset + EncodedPlan.instanceVariable.utf8.count)
            }
            offset += variable.utf8.count + 1
        }
        emit(.environment, Content(data: Self.row(variables)))
    }

    /// `struct torpor_call`: the six arguments, then what they point to.
    private static func content(_ call: SystemCall) -> Content {
        precondition(call.arguments.count <= 6, "a system call has at most six arguments")
        var numbers = [UInt64](repeating: 0, count: 6)
        var pointed: [UInt8] = []
        var manners: UInt32 = 0
        for (index, argument) in call.arguments.enumerated() {
            switch argument {
            case .number(let number): numbers[index] = number
            case .bytes(let bytes):
                manners |= 1 << UInt32(index)
                numbers[index] = UInt64(PlanFormat.callBytes + pointed.count)
                // A byte at least, and what follows where any structure may begin.
                pointed += bytes
                pointed += repeatElement(0, count: 8 - bytes.count % 8)
            case .result: manners |= 1 << UInt32(8 + index)
            }
        }
        return Content(mode: manners, value: call.name.number, data: packed(numbers) + pointed)
    }

    private static func row(_ texts: [String]) -> [UInt8]? {
        texts.isEmpty ? nil : texts.flatMap { Array($0.utf8) + [0] }
    }

    private static func packed(_ numbers: [some FixedWidthInteger]) -> [UInt8] {
        numbers.flatMap { number in withUnsafeBytes(of: number) { Array($0) } }
    }
}
