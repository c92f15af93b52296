/// Errors of profiles and of the data that they are trained and measured on.
package enum EstimationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A file or folder cannot be opened or read. The reason is the system's message.
    case unreadable(path: String, reason: String)
    /// A file cannot be written. The reason is the system's message.
    case unwritable(path: String, reason: String)
    /// A folder contains no profile.
    case noProfiles(directory: String)
    /// A profile file is truncated, changed, or not a profile.
    case damagedProfile(path: String, reason: String)
    /// A profile has another format version.
    case foreignVersion(path: String, found: Int, wanted: Int)
    /// A line of a data file misses a field or holds a wrong value.
    case badRow(path: String, line: Int, reason: String)
    /// The data is readable but insufficient.
    case notEnoughData(String)
    /// A name is unknown.
    case unknown(kind: String, name: String, known: [String])

    package var description: String {
        switch self {
        case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
        case .unwritable(let path, let reason): "cannot write \(path): \(reason)"
        case .noProfiles(let directory):
            "no profiles in \(directory): train some with `hera train --outcomes FILE --out \(directory)`"
        case .damagedProfile(let path, let reason):
            "\(path) is not a whole profile (\(reason)): copy it again, or train it anew with `hera train`"
        case .foreignVersion(let path, let found, let wanted):
            "\(path) is of profile format \(found), and this program reads format \(wanted): train it anew with `hera train`"
        case .badRow(let path, let line, let reason): "\(path), line \(line): \(reason)"
        case .notEnoughData(let what): what
        case .unknown(let kind, let name, let known):
            "no \(kind) is called \(name); known: \(known.joined(separator: ", "))"
        }
    }
}
