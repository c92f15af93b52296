package import Domain

/// The result of reading a catalog directory: models and problems.
package struct CatalogLint: Sendable {
    /// Sorted names of the files.
    package let files: [String]
    /// The models that could be parsed, in file order.
    package let models: [Model]
    /// Errors and warnings, by file and line, without duplicates.
    package let problems: [CatalogProblem]
    /// A hash of the files' names and contents.
    package let version: String

    /// Reads all YAML files of a directory. Never throws; every failure becomes a problem.
    ///
    /// - Parameter today: the day on which every model needs a valid price.
    package init(directory: String, today: CalendarDay) {
        var problems: [CatalogProblem] = []
        let files = CatalogFile.files(in: directory, problems: &problems)
        var entries: [CatalogEntry] = []
        for file in files where file.name != ScoreFile.name {
            var log = ProblemLog(file: file.name)
            entries += CatalogEntry.entries(of: file, today: today, log: &log)
            problems += log.problems
        }
        problems += NameClash.problems(among: entries)
        if let file = files.first(where: { $0.name == ScoreFile.name }) {
            var log = ProblemLog(file: file.name)
            if let scores = ScoreFile(file, log: &log) { entries = scores.attached(to: entries, log: &log) }
            problems += log.problems
        }
        self.files = files.map(\.name)
        models = entries.compactMap(\.model)
        self.problems = Set(problems).sorted()
        version = CatalogFile.contentHash(of: files)
    }

    /// The problems that prevent loading.
    package var errors: [CatalogProblem] { problems.filter { $0.severity == .error } }

    /// All problems of a directory.
    package static func problems(directory: String, today: CalendarDay) -> [CatalogProblem] {
        CatalogLint(directory: directory, today: today).problems
    }
}

/// Finds duplicate model names.
enum NameClash {
    /// One error for every use of a name after its first, which the error points to.
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
