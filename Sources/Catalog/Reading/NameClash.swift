/// Names that more than one model answers to, or one model twice.
enum NameClash {
    /// One error for every name after its first use, which it points to.
    static func problems(among entries: [CatalogEntry]) -> [CatalogProblem] {
        var first: [String: (file: String, line: Int)] = [:]
        var problems: [CatalogProblem] = []
        for entry in entries {
            for name in entry.names {
                guard let earlier = first[name.text] else {
                    first[name.text] = (entry.file, name.line)
                    continue
                }
                problems.append(
                    CatalogProblem(
                        file: entry.file, line: name.line, severity: .error,
                        message: "the name '\(name.text)' is taken at \(earlier.file):\(earlier.line)",
                        suggestion: "rename or remove one of the two"))
            }
        }
        return problems
    }
}
