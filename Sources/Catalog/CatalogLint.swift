package import Domain

/// Everything that reading a catalog directory brought to light.
package struct CatalogLint: Sendable {
    /// Names of the files read, sorted.
    package let files: [String]
    /// The models that could be read, in the order of the files.
    package let models: [Model]
    /// Errors and warnings, by file and line, each told once.
    package let problems: [CatalogProblem]
    /// A short hash of names and contents of the files.
    package let version: String

    /// Reads all YAML files of a directory; nothing is thrown, everything is a problem.
    ///
    /// - Parameter today: the day on which every model has to have a valid price.
    package init(directory: String, today: CalendarDay) {
        var problems: [CatalogProblem] = []
        let files = CatalogFile.files(in: directory, problems: &problems)
        var entries: [CatalogEntry] = []
        for file in files {
            var log = ProblemLog(file: file.name)
            entries += CatalogEntry.entries(of: file, today: today, log: &log)
            problems += log.problems
        }
        problems += NameClash.problems(among: entries)
        self.files = files.map(\.name)
        models = entries.compactMap(\.model)
        self.problems = Set(problems).sorted()
        version = ContentHash.text(of: files)
    }

    /// The problems for which the catalog is refused.
    package var errors: [CatalogProblem] { problems.filter { $0.severity == .error } }

    /// All problems of a directory.
    package static func problems(directory: String, today: CalendarDay) -> [CatalogProblem] {
        CatalogLint(directory: directory, today: today).problems
    }
}
