/// Something wrong in a catalog, and what to write instead.
package struct CatalogProblem: Hashable, Sendable {
    /// How bad it is.
    package enum Severity: String, Sendable {
        /// The catalog is not loaded.
        case error
        /// The catalog is loaded, but somebody should look at this.
        case warning
    }

    /// The file's name inside the directory; the directory itself where no file is to blame.
    package let file: String
    /// The line, from 1; 0 where the whole file is meant.
    package let line: Int
    package let severity: Severity
    package let message: String
    /// What to write instead.
    package let suggestion: String

    package init(file: String, line: Int, severity: Severity, message: String, suggestion: String) {
        self.file = file
        self.line = line
        self.severity = severity
        self.message = message
        self.suggestion = suggestion
    }
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
