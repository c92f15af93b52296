package import Domain
import JSON

/// The models imported from a price list, and the entries skipped.
package struct PriceListImport: Sendable {
    /// The models of a list to import.
    package struct Selection: Sendable {
        /// A provider or maker by the catalog's name; nil for all.
        package var provider: String?
        /// A pattern for the model's name or id; nil for all.
        package var only: GlobPattern?
        /// Whether to import models whose input and output are listed at 0. Lists write 0 for unknown prices too.
        package var includesFree = false
        /// The address for models whose provider has no known one.
        package var address: ProviderAddress?

        package init() {}
    }

    /// The catalog file.
    package let yaml: String
    /// The number of models in it.
    package let count: Int
    /// Names of the skipped entries, by reason.
    package let skipped: [SkipReason: [String]]

    /// Parses a price list.
    ///
    /// - Parameters:
    ///   - source: the `source` of the prices; the list's name by default.
    ///   - today: the `as_of` of the prices, and the day on which retired models are retired.
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

    /// A summary of the skipped entries: `2 no price (a, b), 31 no chat model`.
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

    /// The model with its address, if it is selected at its price.
    fileprivate func accept(_ model: ListedModel) throws(SkipReason) -> ListedModel {
        let rates = model.tiers[.standard]?.prices
        if rates?[.input] == .zero, rates?[.output] == .zero, !includesFree { throw .free }
        var model = model
        model.address = address ?? ProviderAddress.known[model.provider] ?? model.address
        if model.address == nil { throw .noAddress }
        // Without a priority rate for long prompts, priority would be priced too low.
        if !model.contextTiers.isEmpty, !model.contextTiers.contains(where: { $0.tier == .priority }) {
            model.tiers[.priority] = nil
        }
        return model
    }
}

/// A name pattern: `*` matches any text, `?` one character, everything else itself.
package struct GlobPattern: Sendable {
    private let pattern: [Character]

    package init(_ pattern: String) {
        self.pattern = Array(pattern)
    }

    /// Whether the whole name matches. Backtracks to the last `*` only, so time is at most pattern * name.
    package func matches(_ name: String) -> Bool {
        let name = Array(name)
        var (p, n) = (0, 0)
        var star: (p: Int, n: Int)?
        while n < name.count {
            if p < pattern.count, pattern[p] == "*" {
                star = (p, n)
                p += 1
            } else if p < pattern.count, pattern[p] == "?" || pattern[p] == name[n] {
                p += 1
                n += 1
            } else if let last = star {
                star = (last.p, last.n + 1)
                (p, n) = (last.p + 1, last.n + 1)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == "*" }
    }
}
