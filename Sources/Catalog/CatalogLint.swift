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
    /// - Parameters:
    ///   - added: a directory whose entries are laid over the first one's: a name of its own wins. Nil for none.
    ///   - today: the day on which every model needs a valid price.
    package init(directory: String, adding added: String? = nil, today: CalendarDay) {
        var problems: [CatalogProblem] = []
        let shipped = CatalogFile.files(in: directory, problems: &problems)
        let own = added.map { CatalogFile.files(in: $0, isAdded: true, problems: &problems) } ?? []
        var entries = Self.entries(of: shipped, today: today, problems: &problems)
        problems += NameClash.problems(among: entries)
        if added != nil {
            let ownEntries = Self.entries(of: own, today: today, problems: &problems)
            problems += NameClash.problems(among: ownEntries)
            entries = CatalogEntry.laid(ownEntries, over: entries)
        }
        if let scores = Self.scores(shipped + own, problems: &problems) {
            var log = ProblemLog(file: ScoreFile.name)
            entries = scores.attached(to: entries, log: &log)
            problems += log.problems
        }
        files = (shipped + own).map(\.name)
        models = entries.compactMap(\.model)
        self.problems = Set(problems).sorted()
        version = CatalogFile.contentHash(of: shipped + own)
    }

    private static func entries(
        of files: [CatalogFile], today: CalendarDay, problems: inout [CatalogProblem]
    ) -> [CatalogEntry] {
        var entries: [CatalogEntry] = []
        for file in files where !file.holdsScores {
            var log = ProblemLog(file: file.name)
            entries += CatalogEntry.entries(of: file, today: today, log: &log)
            problems += log.problems
        }
        return entries
    }

    /// The published scores of all files of that name, the later ones' first; nil without any.
    private static func scores(_ files: [CatalogFile], problems: inout [CatalogProblem]) -> ScoreFile? {
        var scores: ScoreFile?
        for file in files where file.holdsScores {
            var log = ProblemLog(file: file.name)
            if let read = ScoreFile(file, log: &log) { scores = scores?.merging(read) ?? read }
            problems += log.problems
        }
        return scores
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
