package import Core

/// A launch plan as bytes, ready to be sent many times: only the instance's id differs from launch to launch.
package struct EncodedPlan: Sendable, Hashable {
    package private(set) var bytes: [UInt8]
    /// Where the instance's id stands, twelve bytes each.
    package let instanceOffsets: [Int]
    package let stepCount: Int

    /// The value that stands for the instance's id in a plan that is for no instance yet: `TORPOR_INSTANCE=` in an
    /// environment gets the real one.
    package static let instancePlaceholder = "000000000000"
    package static let instanceVariable = "TORPOR_INSTANCE="

    /// - Throws: `InvalidInput` when it is over `Limits.planBytes` or `Limits.planSteps`.
    package init(_ plan: LaunchPlan) throws(InvalidInput) {
        guard plan.steps.count <= Limits.planSteps else {
            throw InvalidInput(
                "", "the configuration needs \(plan.steps.count) steps",
                allowed: "at most \(Limits.planSteps)")
        }
        var encoder = PlanEncoder()
        encoder.append(PlanFormat.version)
        encoder.append(UInt32(plan.steps.count))
        for step in plan.steps { encoder.append(step) }
        guard encoder.bytes.count <= Limits.planBytes else {
            throw InvalidInput(
                "", "the configuration makes a launch plan of \(encoder.bytes.count) bytes",
                allowed: "at most \(Limits.planBytes)")
        }
        bytes = encoder.bytes
        instanceOffsets = encoder.instanceOffsets
        stepCount = plan.steps.count
    }

    /// The bytes for one instance.
    package func bytes(for instance: InstanceID) -> [UInt8] {
        var copy = bytes
        let digits = instance.description.utf8
        for offset in instanceOffsets { copy.replaceSubrange(offset..<offset + digits.count, with: digits) }
        return copy
    }
}
