/// The version of the program, by semantic versioning.
package enum HeraVersion {
    /// Equals the newest heading of docs/CHANGELOG.md and `info.version` of openapi.yaml.
    package static let current = "0.2.0"
}
