/// The problems found in one file so far.
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
