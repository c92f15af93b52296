package import Domain

/// An immutable snapshot of the models that can be routed to.
package struct ModelCatalog: Sendable {
    /// Sorted by id.
    package let models: [Model]
    /// A hash of the files, so that a ledger row can name the prices it was booked with.
    package let version: String
    /// The warnings of `load`.
    package let warnings: [CatalogProblem]
    private let index: [ModelID: Int]

    /// A snapshot of models with unique ids and aliases. `load` checks this; here the first model keeps a duplicate
    /// name.
    package init(models: [Model], version: String, warnings: [CatalogProblem] = []) {
        let models = models.sorted { $0.id < $1.id }
        var index: [ModelID: Int] = [:]
        for (position, model) in models.enumerated() {
            index.merge([(model.id, position)]) { first, _ in first }
        }
        for (position, model) in models.enumerated() {
            index.merge(model.aliases.map { ($0, position) }) { first, _ in first }
        }
        self.models = models
        self.version = version
        self.warnings = warnings
        self.index = index
    }

    /// Reads all YAML files of a directory.
    ///
    /// - Parameters:
    ///   - added: a directory whose entries are laid over the first one's; nil for none.
    ///   - today: the day on which every model needs a valid price.
    /// - Throws: all errors of all files at once.
    package static func load(
        directory: String, adding added: String? = nil, today: CalendarDay
    ) throws(CatalogError) -> ModelCatalog {
        let lint = CatalogLint(directory: directory, adding: added, today: today)
        guard lint.errors.isEmpty else { throw CatalogError(directory: directory, problems: lint.problems) }
        return ModelCatalog(models: lint.models, version: lint.version, warnings: lint.problems)
    }

    /// The model of this id or alias.
    package subscript(id: ModelID) -> Model? {
        index[id].map { models[$0] }
    }
}

/// A catalog with errors, which is not loaded.
package struct CatalogError: Error, Sendable, CustomStringConvertible {
    package let directory: String
    /// Errors and warnings, by file and line.
    package let problems: [CatalogProblem]

    package var description: String {
        let errors = problems.filter { $0.severity == .error }
        let count = errors.count == 1 ? "one error" : "\(errors.count) errors"
        let lines = errors.map { "  \($0)" }
        return (["the catalog in \(directory) has \(count):"] + lines).joined(separator: "\n")
    }
}
