package import Domain

/// The models that can be routed to, as they were when the files were read; it never changes.
package struct ModelCatalog: Sendable {
    /// Sorted by id.
    package let models: [Model]
    /// A short hash of the files, so that a ledger row can name the prices it was booked with.
    package let version: String
    /// What `load` found worth telling, but no reason to refuse.
    package let warnings: [CatalogProblem]
    private let index: [ModelID: Int]

    /// A snapshot of models whose ids and aliases are unique (`load` makes sure of it; here the first one keeps a name).
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
    /// - Parameter today: the day on which every model has to have a valid price.
    /// - Throws: all errors of all files at once.
    package static func load(directory: String, today: CalendarDay) throws(CatalogError) -> ModelCatalog {
        let lint = CatalogLint(directory: directory, today: today)
        guard lint.errors.isEmpty else { throw CatalogError(directory: directory, problems: lint.problems) }
        return ModelCatalog(models: lint.models, version: lint.version, warnings: lint.problems)
    }

    /// The model of this id or alias.
    package subscript(id: ModelID) -> Model? {
        index[id].map { models[$0] }
    }
}
