import Catalog
import Domain
import Estimation
import JSON
import Training

/// A catalog as JSON.
struct CatalogListing {
    let catalog: ModelCatalog
    let profiles: ProfileSet?
    let today: CalendarDay

    /// `{"version": ..., "models": [...]}`. Prices are exact decimal strings of standard service for short prompts.
    ///
    /// Throws where a model has no price for today.
    func json() throws(PriceError) -> String {
        var writer = JSONWriter()
        try writer.object { (writer: inout JSONWriter) throws(PriceError) in
            writer.member("version", catalog.version)
            try writer.member(
                "models",
                array: { (writer: inout JSONWriter) throws(PriceError) in
                    for model in catalog.models { try write(model, to: &writer) }
                })
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private func write(_ model: Model, to writer: inout JSONWriter) throws(PriceError) {
        let price = try model.price(on: today)
        let rates = price.rates(promptTokens: 0)
        writer.object {
            $0.member("id", model.id.rawValue)
            $0.member("aliases", array: { for alias in model.aliases { $0.element(alias.rawValue) } })
            $0.member("provider", model.provider)
            $0.member("placement", model.placement.rawValue)
            $0.member("tier", model.tier.rawValue)
            $0.member("profile", model.profile?.rawValue)
            $0.member("known_by", KnownBy(model, profiles: profiles).rawValue)
            $0.member("ability", model.ability(by: profiles)?.points)
            $0.member("base_url", model.endpoint.baseURL)
            $0.member("wire", model.endpoint.wire.rawValue)
            $0.member("upstream_name", model.endpoint.modelName)
            $0.member("key_variable", model.endpoint.keyVariable)
            if model.endpoints.count > 1 {
                $0.member("endpoints", array: { for one in model.endpoints { $0.element(one.name) } })
            }
            $0.member("context", model.contextTokens)
            $0.member("max_output", model.maxOutputTokens)
            let capabilities = Capability.allCases.filter(model.capabilities.contains)
            $0.member("capabilities", array: { for one in capabilities { $0.element(one.rawValue) } })
            $0.member("usd_per_million", object: { write(rates, to: &$0) })
            $0.member("usd_per_request", rates.prices[.request]?.usdPerUnitText)
            $0.member("price_source", price.source)
            $0.member("price_as_of", price.asOf.description)
            $0.member("prefill_j_per_token", model.energy?.joulesPerPrefillToken)
            $0.member("decode_j_per_token", model.energy?.joulesPerDecodeToken)
            $0.member("amortisation_nano_usd_per_busy_s", model.amortisation?.nanoUSDPerBusySecond)
            $0.member("slots", model.slots)
        }
    }

    private func write(_ rates: Rates, to writer: inout JSONWriter) {
        for unit in UsageClass.allCases where unit != .request {
            if let price = rates.prices[unit] { writer.member(unit.rawValue, price.usdPerMillionText) }
        }
    }
}

/// A catalog as a text table.
struct CatalogTable {
    let catalog: ModelCatalog
    let profiles: ProfileSet?
    let today: CalendarDay

    /// One line per model, with a heading and a footer.
    var text: String {
        let head = [
            "MODEL", "TIER", "CONTEXT", "MAX OUT", "INPUT", "CACHED", "OUTPUT", "J/TOKEN", "KEY", "PROFILE", "KNOWN BY",
            "ABILITY",
        ]
        let rows = [head] + catalog.models.map(row)
        let lines = TextTable.lines(rows) { (2...7).contains($0) || $0 == 11 }.map(\.trimmedEnd)
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
            model.profile?.rawValue ?? "-", KnownBy(model, profiles: profiles).rawValue,
            model.ability(by: profiles).map { "\(Int($0.points.rounded()))" } ?? "-",
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
