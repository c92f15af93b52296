/// A problem in a catalog file, and its fix.
package struct CatalogProblem: Hashable, Sendable {
    package enum Severity: String, Sendable {
        /// The catalog is not loaded.
        case error
        /// The catalog is loaded, but should be checked.
        case warning
    }

    /// The file's name inside the directory, or the directory itself.
    package let file: String
    /// The line, from 1; 0 for the whole file.
    package let line: Int
    package let severity: Severity
    package let message: String
    /// What to write instead.
    package let suggestion: String
}

extension CatalogProblem: Comparable {
    package static func < (left: CatalogProblem, right: CatalogProblem) -> Bool {
        (left.file, left.line, left.message) < (right.file, right.line, right.message)
    }
}

extension CatalogProblem: CustomStringConvertible {
    /// ``edge.yaml:41: `prices.input` is missing: write `input: 0.15` ...``
    package var description: String {
        let place = line > 0 ? "\(file):\(line)" : file
        let kind = severity == .warning ? "warning: " : ""
        return "\(place): \(kind)\(message): \(suggestion)"
    }
}

/// Collects the problems of one file.
struct ProblemLog {
    let file: String
    private(set) var problems: [CatalogProblem] = []

    init(file: String) {
        self.file = file
    }

    mutating func error(_ line: Int, _ message: String, _ suggestion: String) {
        add(.error, line, message, suggestion)
    }

    mutating func warning(_ line: Int, _ message: String, _ suggestion: String) {
        add(.warning, line, message, suggestion)
    }

    private mutating func add(
        _ severity: CatalogProblem.Severity, _ line: Int, _ message: String, _ suggestion: String
    ) {
        problems.append(
            CatalogProblem(file: file, line: line, severity: severity, message: message, suggestion: suggestion))
    }
}
