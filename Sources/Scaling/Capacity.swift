package import Core

/// How many instances a function may and must have.
package struct Capacity: Sendable, Equatable {
    /// Kept ready whatever the load.
    package let floor: Int
    /// Never more than these.
    package let ceiling: Int

    /// - Parameter manual: the user's `torpor scale NAME N`, or nil for auto. 0 only puts the function to sleep: a
    ///   request still wakes it, within `scale.max`.
    package init(_ scale: ScaleSpec, manual: Int?) {
        switch manual {
        case nil:
            floor = scale.min
            ceiling = scale.max
        case 0?:
            floor = 0
            ceiling = scale.max
        case let count?:
            floor = count
            ceiling = count
        }
    }
}
