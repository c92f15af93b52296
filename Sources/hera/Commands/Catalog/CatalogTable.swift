import Catalog
import Domain

/// A catalog as a table for people.
struct CatalogTable {
    let catalog: ModelCatalog
    let today: CalendarDay

    /// One line a model, with a head and a foot.
    var text: String {
        let head = ["MODEL", "TIER", "CONTEXT", "MAX OUT", "INPUT", "CACHED", "OUTPUT", "J/TOKEN", "KEY", "PROFILE"]
        let rows = [head] + catalog.models.map(row)
        let widths = head.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let isNumeric = Set(2...7)
        let lines = rows.map { row in
            zip(row.indices, row).map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return isNumeric.contains(column) ? space + cell : cell + space
            }.joined(separator: "  ").trimmedEnd
        }
        let foot =
            "\(catalog.models.count) models, catalog \(catalog.version); USD per million tokens, J per answer token"
        return (lines + ["", foot]).joined(separator: "\n")
    }

    private func row(_ model: Model) -> [String] {
        let rates = try? model.price(on: today).rates(promptTokens: 0)
        func price(_ unit: UsageClass) -> String {
            rates?.prices[unit]?.usdPerMillionText ?? "-"
        }
        return [
            model.id.rawValue, model.tier.rawValue, "\(model.contextTokens)", "\(model.maxOutputTokens)",
            price(.input), price(.cachedRead), price(.output),
            model.energy.map { "\($0.joulesPerDecodeToken)" } ?? "-", model.endpoint.keyVariable ?? "-",
            model.profile?.rawValue ?? "-",
        ]
    }
}

extension String {
    /// Without spaces at the end.
    fileprivate var trimmedEnd: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
