/// What reading the configuration again came to.
package struct ReloadReport: Sendable, Hashable, Codable {
    package struct Change: Sendable, Hashable, Codable {
        /// As the key of `torpord.yaml`.
        package var setting: String
        package var from: String
        package var to: String
        /// False: it comes into force with the next start.
        package var applied: Bool

        package init(setting: String, from: String, to: String, applied: Bool) {
            self.setting = setting
            self.from = from
            self.to = to
            self.applied = applied
        }
    }

    /// What differs between the configuration in force before and the one that was read.
    package var changes: [Change]

    package init(changes: [Change]) { self.changes = changes }

    /// One line for people.
    package var summary: String {
        if changes.isEmpty { return "nothing has changed" }
        return changes.map { change in
            "\(change.setting) \(change.from) -> \(change.to)\(change.applied ? "" : " (needs a restart)")"
        }.joined(separator: ", ")
    }
}
