package import Core

extension ControlError {
    /// - Parameter latest: the function's generation; 0 where it is gone.
    package static func changedMeanwhile(_ function: FunctionKey, _ latest: Int) -> ControlError {
        let what =
            latest == 0
            ? "was removed" : "was changed by somebody else: its newest revision is number \(latest) now"
        return ControlError(
            .conflict,
            "'\(function)' \(what); nothing was done: look at it with 'torpor describe', then do it again")
    }

    package static func noSuchRevision(_ function: FunctionKey, _ number: Int, _ kept: [Int]) -> ControlError
    {
        ControlError(
            .notFound, "'\(function)' has no revision \(number) any more",
            allowed: "those that are kept: " + kept.map(String.init).joined(separator: ", "))
    }

    package static func nothingToUndo(_ function: FunctionKey) -> ControlError {
        ControlError(
            .conflict,
            "'\(function)' has no revision before the one that takes requests; 'torpor rollout history' shows what is kept"
        )
    }
}
