package import Core

/// What happens to a function.
package enum FunctionEvent: Sendable {
    /// A request waits and no instance took it.
    case demand(callID: String)
    /// Somebody waits to look into an instance, and none takes them in.
    case visit
    /// Requests are let in, but every instance has its target of them.
    case crowded
    /// An instance broke off this call, or could not be reached for it.
    case suspected(InstanceID, callID: String)
    case callFailed(FailedCall, log: [String])
    /// A new revision is stored and shall take over.
    case deployed(Revision)
    /// The sandbox runs; its port does not accept yet.
    case launched(InstanceID, canFreeze: Bool)
    case ready(InstanceID)
    /// The start failed. `running`: a sandbox exists, is to be killed, and `ended` follows.
    case startFailed(InstanceID, InstanceFailure, running: Bool)
    /// Every process of it is gone.
    /// - exhausted: what it had run out of shortly before.
    case ended(InstanceID, ExitStatus, log: [String], exhausted: Exhaustion? = nil)
    case exhausted(InstanceID, ExhaustionNotice, log: [String])
    /// The last request of a draining instance has left.
    case drained(InstanceID)
    /// It cannot be frozen after all: it stays ready until `stopAfter`.
    case freezeFailed(InstanceID)
    /// `N` by hand, or nil for auto.
    case scaled(Int?)
    case removed
    /// The daemon stops: everything drains, nothing is started again.
    case closing
    /// Time has passed.
    case alarm
}

/// What its owner then does. Effects are performed in order.
package enum FunctionEffect: Sendable {
    /// Acquire a slot, launch, wait until the port accepts. Exactly one `ended` or `startFailed(running: false)` follows
    /// in the end, whatever happens.
    case launch(InstanceID, Revision)
    /// Freeze it, its gate being in phase `freezing`.
    case freeze(InstanceID)
    /// SIGTERM; of a launch that is still under way: give it up.
    case terminate(InstanceID)
    case kill(InstanceID)
    /// These instances take requests, and no others.
    case publish([InstanceID])
    /// Requests that wait get 502.
    case failWaiters
    /// Remember the record.
    case save(FunctionRecord)
    case note(InstanceRecord)
    /// Tell people; its number and time are the event log's.
    case tell(EventRecord)
    /// Its namespace has no room for an instance that is wanted for this cause.
    case held(StartCause)
    /// An instance has failed, for who counts.
    case failed(InstanceFailure)
    /// An instance or command has run out of something, for who counts.
    case exhausted(Exhaustion)
    /// The rollout of this revision has ended: with nil it is active.
    case settled(Int, InstanceFailure?)
    /// Revisions beyond the kept ones.
    case forget([Int])
    /// Removed, and no instance is left.
    case gone
}
