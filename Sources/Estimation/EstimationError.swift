/// What can go wrong with profiles and the data that they are trained and measured on.
package enum EstimationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A file or folder cannot be opened or read; the reason is the system's.
    case unreadable(path: String, reason: String)
    /// A file cannot be written; the reason is the system's.
    case unwritable(path: String, reason: String)
    /// A folder holds no profile at all.
    case noProfiles(directory: String)
    /// A file that calls itself a profile is cut short, changed, or not one.
    case damagedProfile(path: String, reason: String)
    /// A profile of another format version.
    case foreignVersion(path: String, found: Int, wanted: Int)
    /// A line of a data file does not hold what it must.
    case badRow(path: String, line: Int, reason: String)
    /// The data is readable but not enough for what was asked.
    case notEnoughData(String)
    /// A name that nothing is known of.
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
