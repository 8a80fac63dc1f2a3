internal import ControlAPI
internal import Core
internal import FoundationEssentials
internal import Images
internal import Orchestrator

// Deploys whose source comes in the request, from another host.
extension Backend {
    func deploy(archive: ArchiveBody) async throws(ControlError) -> FunctionView {
        try await receive(archive) { request, place async throws(ControlError) in
            try await deploy(request, from: place)
        }
    }

    func plan(archive: ArchiveBody) async throws(ControlError) -> FunctionPlan {
        try await receive(archive) { request, place async throws(ControlError) in
            try await plan(request, from: place)
        }
    }

    /// Unpacks, does the work, and removes what was unpacked: a revision owns its copy by then.
    private func receive<Answer>(
        _ archive: ArchiveBody,
        _ work: (DeployRequest, RevisionSource) async throws(ControlError) -> Answer
    ) async throws(ControlError) -> Answer {
        let upload = images.upload()
        let result: Result<Answer, ControlError>
        do throws(ControlError) {
            let request = try await Self.unpack(archive, upload)
            do throws(ControlError) {
                result = .success(try await work(request, request.source.moved(to: upload.path)))
            } catch {
                result = .failure(error.shown(upload.path, as: request.source.path))
            }
        } catch {
            result = .failure(error)
        }
        await upload.remove()
        return try result.get()
    }

    private static func unpack(
        _ archive: ArchiveBody, _ upload: ArchiveUpload
    ) async throws(ControlError) -> DeployRequest {
        let json: [UInt8]
        do {
            for try await piece in archive { try await upload.write(piece) }
            json = try await upload.finish()
        } catch {
            throw translate(error)
        }
        let request = try ControlCoding.decode(DeployRequest.self, from: Data(json))
        do throws(InvalidInput) { try request.validate() } catch { throw ControlError(error) }
        return request
    }
}

extension RevisionSource {
    fileprivate var path: String {
        switch self {
        case .bundle(let path), .rootfs(let path): path
        }
    }

    fileprivate func moved(to path: String) -> RevisionSource {
        switch self {
        case .bundle: .bundle(path: path)
        case .rootfs: .rootfs(path: path)
        }
    }
}

extension ControlError {
    /// The same with paths as the user knows them.
    fileprivate func shown(_ path: String, as original: String) -> ControlError {
        var error = self
        error.message = message.replacing(path, with: original)
        error.path = self.path?.replacing(path, with: original)
        return error
    }
}
