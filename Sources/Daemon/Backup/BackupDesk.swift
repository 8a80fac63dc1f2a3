internal import ControlAPI
internal import Store
internal import Synchronization

/// What the control API needs for backups, which are made and restored one at a time.
final class BackupDesk: Sendable {
    let configuration: Configuration
    let store: SQLiteStore
    let restart: Restart
    private let isBusy = Atomic<Bool>(false)

    init(configuration: Configuration, store: SQLiteStore, restart: Restart) {
        self.configuration = configuration
        self.store = store
        self.restart = restart
    }

    func take() throws(ControlError) {
        guard !isBusy.exchange(true, ordering: .acquiringAndReleasing) else {
            throw ControlError(
                .conflict, "another backup or restore is under way: try again when it has ended")
        }
    }

    func leave() { isBusy.store(false, ordering: .releasing) }
}
