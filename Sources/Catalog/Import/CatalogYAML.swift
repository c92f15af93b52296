import Domain
import JSON

/// The catalog file of imported models, as text.
struct CatalogYAML {
    let models: [ListedModel]
    let source: String
    let asOf: CalendarDay

    /// The file, with the fields that all models share at its top.
    var text: String {
        let shared = Set(models.map(endpoint)).count == 1
        var lines = [
            "# Imported by `hera catalog import`. No list tells the tier: it was guessed from the price, correct it.",
            "placement: cloud",
        ]
        if shared, let first = models.first { lines += endpoint(first) }
        lines += ["", "models:"]
        for model in models { lines += entry(of: model, endpoint: shared ? [] : endpoint(model)) }
        if models.isEmpty { lines[lines.count - 1] += " []" }
        return lines.joined(separator: "\n") + "\n"
    }

    private func endpoint(_ model: ListedModel) -> [String] {
        guard let address = model.address else { return [] }
        return [
            "provider: \(Self.quoted(model.provider))", "base_url: \(address.baseURL)",
            "wire: \(address.wire.rawValue)",
        ] + [address.keyVariable.map { "key_variable: \($0)" }].compactMap(\.self)
    }

    private func entry(of model: ListedModel, endpoint: [String]) -> [String] {
        let context = model.contextTokens
        let maxOutput = min(model.maxOutputTokens ?? context, context)
        let names = Capability.allCases.filter(model.capabilities.contains).map(\.rawValue)
        var lines = ["  - id: \(Self.quoted(model.id))"] + endpoint.map { "    \($0)" }
        lines += [
            "    upstream_name: \(Self.quoted(model.name))",
            "    tier: \(model.guessedTier.rawValue)",
            "    context: \(context)",
            "    max_output: \(maxOutput)" + (model.maxOutputTokens == nil ? "  # not in the list" : ""),
            "    capabilities: [\(names.joined(separator: ", "))]",
            "    prices:",
        ]
        lines += fields(of: model.tiers[.standard] ?? Rates([:])).map { "      \($0)" }
        for tier in ServiceTier.allCases where tier != .standard {
            guard let rates = model.tiers[tier] else { continue }
            lines.append("      \(tier.rawValue): {\(fields(of: rates).joined(separator: ", "))}")
        }
        if !model.contextTiers.isEmpty { lines.append("      context_tiers:") }
        for tier in model.contextTiers {
            let name = tier.tier == .standard ? [] : ["tier: \(tier.tier.rawValue)"]
            let fields = ["above: \(tier.aboveTokens)"] + name + fields(of: tier.rates)
            lines.append("        - {\(fields.joined(separator: ", "))}")
        }
        return lines + ["      source: \(Self.quoted(source))", "      as_of: \(asOf)", ""]
    }

    /// Lines like `input: 0.15`, in the order of the classes.
    private func fields(of rates: Rates) -> [String] {
        UsageClass.allCases.compactMap { unit in
            guard let price = rates.prices[unit] else { return nil }
            return "\(unit.rawValue): \(unit == .request ? price.usdPerUnitText : price.usdPerMillionText)"
        }
    }

    /// A scalar that YAML reads back unchanged: plain if nothing in it has a meaning, else in double quotes.
    static func quoted(_ text: String) -> String {
        let isPlain =
            text.utf8.first?.isLetterOrDigit == true
            && text.utf8.allSatisfy { $0.isLetterOrDigit || "-_./".utf8.contains($0) } && text.lowercased() != "null"
        if isPlain { return text }
        var writer = JSONWriter()
        writer.element(text)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
