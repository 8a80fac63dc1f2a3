internal import ControlAPI
internal import CopyProgram

extension CopyRequest {
    /// What is to be run inside of the container.
    var work: CopyWork {
        switch direction {
        case .into: .extract(path: path, name: name, keepsOwners: keepsOwners, keepsSetID: keepsOwners)
        case .from: .create(path: path, top: name ?? ".", followsLink: followsLink)
        }
    }
}
