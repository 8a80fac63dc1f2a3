package import Core

/// Lines of a log as they come. It ends at once for a plain query; a followed one ends when the function is
/// removed or the reader's task is cancelled.
package typealias LogLines = any AsyncSequence<LogLine, any Error> & Sendable

/// A tar archive as it comes: first `request.json`, a `DeployRequest`, then the source that it deploys.
package typealias ArchiveBody = any AsyncSequence<[UInt8], any Error> & Sendable

/// What the control socket can ask of the daemon. `ControlServer` translates HTTP to these calls, `Daemon`
/// implements them by the orchestrator. None of them blocks its thread.
package protocol ControlBackend: ResourceBackend, NamespaceBackend {
    /// Makes a new revision. With `wait`, returns when it takes requests; without, when it is durable.
    /// - Throws: `failedToStart` when the revision did not come up; the earlier one keeps serving.
    func deploy(_ request: DeployRequest) async throws(ControlError) -> FunctionView
    /// The same with the source in the request, from another host.
    func deploy(archive: ArchiveBody) async throws(ControlError) -> FunctionView
    func plan(archive: ArchiveBody) async throws(ControlError) -> FunctionPlan
    /// What `deploy` would do, field by field; everything is checked and nothing is done.
    func plan(_ request: DeployRequest) async throws(ControlError) -> FunctionPlan
    /// Deploys an earlier revision again, as a new one.
    func undo(_ function: FunctionKey, _ request: UndoRequest) async throws(ControlError) -> FunctionView
    /// Sorted by namespace and name; nil is every namespace.
    func list(namespace: NamespaceName?) async throws(ControlError) -> [FunctionView]
    func describe(_ function: FunctionKey) async throws(ControlError) -> FunctionDetail
    /// Returns when no request is routed to the function any more; its instances drain afterwards.
    /// - Parameter ifGeneration: as in `DeployRequest`.
    func remove(_ function: FunctionKey, ifGeneration: Int?) async throws(ControlError)
    func scale(_ function: FunctionKey, _ request: ScaleRequest) async throws(ControlError) -> FunctionView
    func logs(_ function: FunctionKey, _ query: LogQuery) async throws(ControlError) -> LogLines
    func events(_ request: EventRequest) async throws(ControlError) -> EventLines
    /// What instances use, of one function or of all.
    func stats(_ function: FunctionKey?) async throws(ControlError) -> StatsList
    /// Gives back to the disk what nothing needs.
    func prune(_ request: PruneRequest) async throws(ControlError) -> PruneResult
    func systemInfo() async throws(ControlError) -> SystemInfo
    /// Reads the configuration again. What is wrong with it is thrown, and then nothing has changed.
    func reload() async throws(ControlError) -> ReloadReport
    /// One at a time.
    func backup() async throws(ControlError) -> any BackupStream
    /// - Parameter replacing: also when functions are deployed.
    func restore(replacing: Bool) async throws(ControlError) -> any RestoreSink
    func systemCheck() async throws(ControlError) -> [CheckItem]
}
