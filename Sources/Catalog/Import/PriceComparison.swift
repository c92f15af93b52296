package import Domain
import JSON

/// A catalog's prices of today beside those of a public list.
package struct PriceComparison: Sendable {
    /// A price that differs.
    package struct Change: Hashable, Sendable {
        /// The catalog's model.
        package let model: ModelID
        /// What is priced.
        package let unit: UsageClass
        /// The catalog's and the list's.
        package let old: UnitPrice
        package let new: UnitPrice

        /// Whether the list has the higher price.
        package var isRise: Bool { new > old }
    }

    /// Prices that differ, by model and class.
    package private(set) var changes: [Change] = []
    /// The list's models of the catalog's providers that the catalog lacks, as `provider/name`.
    package private(set) var new: [String] = []
    /// Models of the catalog that the list has no longer, although it has others of their provider.
    package private(set) var gone: [ModelID] = []
    /// Models whose listed prices are the catalog's.
    package private(set) var same = 0

    /// Reads a list and compares the standard prices for short prompts.
    package init(
        _ bytes: [UInt8], format: PriceListFormat, catalog: ModelCatalog, today: CalendarDay
    ) throws(PriceListError) {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(bytes)
        } catch {
            throw .notJSON(error)
        }
        var listed: [String: ListedModel] = [:]
        var providers: Set<String> = []
        for entry in try format.entries(of: document.root, today: today) {
            guard let model = try? entry.result.get() else { continue }
            providers.insert(model.provider)
            let name = "\(model.provider)/\(model.name)"
            if listed[name] == nil { listed[name] = model }
        }
        var known: Set<String> = []
        for model in catalog.models where providers.contains(model.provider) && model.placement == .cloud {
            guard !model.capabilities.contains(.embeddings) else { continue }
            let name = "\(model.provider)/\(model.endpoint.modelName)"
            known.insert(name)
            guard let other = listed[name] ?? listed[model.id.rawValue] else {
                gone.append(model.id)
                continue
            }
            let found = Self.changes(of: model, to: other, today: today)
            changes += found
            if found.isEmpty { same += 1 }
        }
        let ours = Set(catalog.models.map(\.provider))
        new = listed.values.filter { ours.contains($0.provider) }.map { "\($0.provider)/\($0.name)" }
            .filter { name in !known.contains(name) && catalog[ModelID(name)] == nil }.sorted()
    }

    private static func changes(of model: Model, to listed: ListedModel, today: CalendarDay) -> [Change] {
        guard let own = try? model.price(on: today).rates(promptTokens: 0), let rates = listed.tiers[.standard] else {
            return []
        }
        return UsageClass.allCases.compactMap { unit in
            guard let old = own.prices[unit], let new = rates.prices[unit], old != new else { return nil }
            return Change(model: model.id, unit: unit, old: old, new: new)
        }
    }
}
