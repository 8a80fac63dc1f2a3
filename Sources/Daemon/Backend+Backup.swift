internal import ControlAPI
internal import Core
internal import Orchestrator

extension Backend {
    func backup() async throws(ControlError) -> any BackupStream {
        try desk.take()
        let desk = desk
        do {
            return try await BackupWriter.begin(desk.configuration, orchestrator, desk.store) {
                desk.leave()
            }
        } catch {
            desk.leave()
            throw Self.translate(error)
        }
    }

    func restore(replacing: Bool) async throws(ControlError) -> any RestoreSink {
        let count = await orchestrator.views().count
        guard replacing || count == 0 else {
            let functions = count == 1 ? "1 function is" : "\(count) functions are"
            throw ControlError(
                .conflict,
                "\(functions) deployed, and a restore takes the place of everything: say --replace, or remove them first"
            )
        }
        try desk.take()
        let desk = desk
        do {
            return try await RestoreReader(
                desk.configuration, restart: { desk.restart.ask() }, release: { desk.leave() })
        } catch {
            desk.leave()
            throw Self.translate(error)
        }
    }
}
