import Testing

/// The real `torpord` and `torpor`, real containers, real network. Each test has a daemon of its own; they run one
/// after the other, because they share the host.
@Suite(.serialized, .enabled(if: Host.canRun, Comment(rawValue: Host.cannotRun)), .timeLimit(.minutes(10)))
struct AcceptanceTests {}

extension Trait where Self == ConditionTrait {
    /// For the tests of the tier that the cgroup freezer makes possible.
    static var needsFreezer: Self { .enabled(if: Host.canFreeze, Comment(rawValue: Host.cannotFreeze)) }

    /// For the tests that run something as another user.
    static var needsUsers: Self { .enabled(if: Host.canSwitchUser, Comment(rawValue: Host.cannotSwitchUser)) }
}
