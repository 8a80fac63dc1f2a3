internal import Core

extension OCIConfig {
    /// How many user and group ids there are in a function's user namespace, from 0 on.
    package struct IDCounts: Sendable, Hashable {
        package var users: UInt32
        package var groups: UInt32

        package init(users: UInt32 = Limits.containerIDs, groups: UInt32 = Limits.containerIDs) {
            self.users = users
            self.groups = groups
        }
    }

    /// Of a configuration that `HonouredFields` lets pass.
    package var idCounts: IDCounts {
        IDCounts(
            users: linux?.uidMappings?.first?.size ?? Limits.containerIDs,
            groups: linux?.gidMappings?.first?.size ?? Limits.containerIDs)
    }
}
