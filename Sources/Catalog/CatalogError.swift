/// A catalog that cannot be used, with everything that is wrong in it.
package struct CatalogError: Error, Sendable, CustomStringConvertible {
    package let directory: String
    /// Errors and warnings, by file and line.
    package let problems: [CatalogProblem]

    package init(directory: String, problems: [CatalogProblem]) {
        self.directory = directory
        self.problems = problems
    }

    package var description: String {
        let errors = problems.filter { $0.severity == .error }
        let count = errors.count == 1 ? "one error" : "\(errors.count) errors"
        let lines = errors.map { "  \($0)" }
        return (["the catalog in \(directory) has \(count):"] + lines).joined(separator: "\n")
    }
}
