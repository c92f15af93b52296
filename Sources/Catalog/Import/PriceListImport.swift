package import Domain
import JSON

/// The models of a price list that a catalog can take over, and what was left out.
package struct PriceListImport: Sendable {
    /// Which models of a list are wanted.
    package struct Selection: Sendable {
        /// A provider or maker by the catalog's name, or nil for all.
        package var provider: String?
        /// A pattern for the model's name or id, or nil for all.
        package var only: GlobPattern?
        /// Whether models whose input and output are listed at 0 are wanted; lists write 0 for unknown prices too.
        package var includesFree = false
        /// Where models of the list are called whose provider has no known address.
        package var address: ProviderAddress?

        package init() {}
    }

    /// The catalog file.
    package let yaml: String
    /// How many models are in it.
    package let count: Int
    /// Names of the entries left out, by reason.
    package let skipped: [SkipReason: [String]]

    /// Reads a price list.
    ///
    /// - Parameters:
    ///   - source: what the prices' `source` says; by default the list's name.
    ///   - today: what `as_of` says, and the day on which a retired model is retired.
    package init(
        _ bytes: [UInt8], format: PriceListFormat, selection: Selection = Selection(), source: String? = nil,
        today: CalendarDay
    ) throws(PriceListError) {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(bytes)
        } catch {
            throw .notJSON(error)
        }
        var models: [ListedModel] = []
        var skipped: [SkipReason: [String]] = [:]
        var ids: Set<String> = []
        for entry in try format.entries(of: document.root, today: today) where selection.wants(entry) {
            do throws(SkipReason) {
                let model = try selection.accept(entry.result.get())
                guard ids.insert(model.id).inserted else { throw .repeated }
                models.append(model)
            } catch {
                skipped[error, default: []].append(entry.name)
            }
        }
        self.skipped = skipped
        count = models.count
        yaml = CatalogYAML(models: models, source: source ?? format.title, asOf: today).text
    }

    /// What was left out, for people: `2 no price (a, b), 31 no chat model`.
    package var skippedText: String {
        if skipped.isEmpty { return "nothing" }
        return SkipReason.allCases.compactMap { reason in
            guard let names = skipped[reason] else { return nil }
            let shown = names.prefix(5).joined(separator: ", ") + (names.count > 5 ? ", ..." : "")
            return "\(names.count) \(reason.rawValue)" + (reason == .notChat ? "" : " (\(shown))")
        }.joined(separator: "; ")
    }
}

extension PriceListImport.Selection {
    fileprivate func wants(_ entry: ListedEntry) -> Bool {
        if let provider, ProviderAddress.catalogName(of: provider) != entry.provider, provider != entry.maker {
            return false
        }
        guard let only else { return true }
        return only.matches(entry.name) || only.matches("\(entry.provider)/\(entry.name)")
    }

    /// The model with its address, if it is wanted at its price.
    fileprivate func accept(_ model: ListedModel) throws(SkipReason) -> ListedModel {
        let rates = model.tiers[.standard]?.prices
        if rates?[.input] == .zero, rates?[.output] == .zero, !includesFree { throw .free }
        var model = model
        model.address = address ?? ProviderAddress.known[model.provider] ?? model.address
        if model.address == nil { throw .noAddress }
        // Where long prompts are dearer, and the list does not say how dear with priority, it would be priced too low.
        if !model.contextTiers.isEmpty, !model.contextTiers.contains(where: { $0.tier == .priority }) {
            model.tiers[.priority] = nil
        }
        return model
    }
}
