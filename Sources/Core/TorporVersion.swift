/// The version of this source tree, shown by `torpor --version`, `torpor-oci --version` and `torpor system info`.
package enum TorporVersion {
    /// What stands before the version in the field `Server` of the control API's answers.
    package static let serverPrefix = "torpord/"
    package static let current = "0.1.0"
}
