import Domain
import Yams

extension Price {
    private static let tierNames: [ServiceTier] = [.batch, .flex, .priority]

    private static let rules =
        Rates.rules
        + tierNames.map { FieldRule($0.rawValue, "`\($0.rawValue):` with its own `input` and `output`") } + [
            FieldRule(
                "context_tiers", "`context_tiers:` with a list of `- above: 200000` and the prices from there on"),
            FieldRule("valid_from", "`valid_from: 2026-11-21`"),
            FieldRule("valid_until", "`valid_until: 2027-03-31`, the last day"),
            FieldRule("source", "`source: ...`, the page or price list that the figures come from"),
            FieldRule("as_of", "`as_of: 2026-11-21`, the day on which the source was read"),
        ]

    /// Parses all prices of a model's table: one block, or a list of blocks with validity dates. Nil if any is invalid.
    ///
    /// - Parameter wire: decides which classes the provider is known to bill.
    static func prices(
        of model: YAMLTable, wire: WireFormat?, today: CalendarDay, log: inout ProblemLog
    ) -> [Price]? {
        guard let node = model.node("prices") else {
            model.reportMissing("prices", log: &log)
            return nil
        }
        let nodes = node.sequence.map { Array($0) } ?? [node]
        let line = node.sequence == nil ? model.line(of: "prices") : nil
        let tables = nodes.map { YAMLTable($0, path: "prices", line: line, rules: rules, log: &log) }
        let prices = tables.map { table in
            table.flatMap { Price(reading: $0, wire: wire, today: today, log: &log) }
        }
        if prices.isEmpty { model.reportMissing("prices", log: &log) }
        let valid = prices.compactMap(\.self)
        guard valid.count == prices.count, let price = valid.last, let table = tables.last ?? nil else { return nil }
        if !valid.contains(where: { $0.isValid(on: today) }) {
            price.reportInvalid(on: today, table: table, log: &log)
            return nil
        }
        return valid
    }

    private init?(reading table: YAMLTable, wire: WireFormat?, today: CalendarDay, log: inout ProblemLog) {
        let required: [UsageClass] = [.input, .output]
        let standard = Rates(reading: table, required: required, log: &log)
        var tiers: [ServiceTier: Rates] = [:]
        tiers[.standard] = standard
        for tier in Self.tierNames {
            guard let inner = table.table(tier.rawValue, rules: Rates.rules, log: &log) else { continue }
            tiers[tier] = Rates(reading: inner, required: required, log: &log)
        }
        let contextTiers = ContextTier.tiers(of: table, rates: tiers, log: &log)
        let from = table.scalar("valid_from", log: &log)?.day(log: &log)
        let until = table.scalar("valid_until", log: &log)?.day(log: &log)
        if let from, let until, from > until {
            log.error(
                table.line(of: "valid_until"),
                "`prices.valid_until` (\(until)) is before `prices.valid_from` (\(from))",
                "exchange the two days, or correct one")
        }
        let source = table.required("source", log: &log)
        let asOf = table.required("as_of", log: &log)?.day(log: &log)
        if let asOf, asOf > today {
            log.error(
                table.line(of: "as_of"), "`prices.as_of` (\(asOf)) lies in the future",
                "write the day on which the source was read, at the latest \(today)")
        }
        if wire == .anthropic, standard?.prices[.cacheWrite5m] == nil {
            log.warning(
                table.line, "`prices.cache_write_5m` is missing, and this provider bills cache writes above input",
                "write `cache_write_5m` and `cache_write_1h` from the price list")
        }
        guard standard != nil, let source, let asOf else { return nil }
        self.init(
            tiers: tiers, contextTiers: contextTiers, validFrom: from, validUntil: until, source: source.text,
            asOf: asOf)
    }

    /// Reports the last price of a model without one for today.
    private func reportInvalid(on today: CalendarDay, table: YAMLTable, log: inout ProblemLog) {
        if let until = validUntil, until < today {
            log.error(
                table.line(of: "valid_until"), "the price expired: `prices.valid_until` was \(until)",
                "write today's price with its `source` and `as_of`, and a later `valid_until` or none")
        } else {
            log.error(
                table.line(of: "valid_from"), "no price is valid yet: `prices.valid_from` is \(validFrom ?? today)",
                "add the price that holds today (\(today)), or correct the day")
        }
    }
}

extension ContextTier {
    private static let rules =
        Rates.rules + [
            FieldRule("above", "`above: 200000`, the tokens of the prompt above which it holds"),
            FieldRule("tier", "`tier: flex`, the way of being served that it belongs to; standard where none is named"),
        ]

    /// Parses the context tiers of a price's table, with the classes that they change.
    ///
    /// - Parameter rates: the price's rates by service tier.
    fileprivate static func tiers(
        of price: YAMLTable, rates: [ServiceTier: Rates], log: inout ProblemLog
    ) -> [ContextTier] {
        let name = "context_tiers"
        guard let node = price.node(name) else { return [] }
        let path = YAMLTable.join(price.path, name)
        guard let sequence = node.sequence else {
            log.error(
                price.line(of: name), "`\(path)` is not a list",
                "begin each tier with `- above: 200000` and name the prices that change")
            return []
        }
        var seen: Set<String> = []
        return sequence.compactMap { node -> ContextTier? in
            guard let table = YAMLTable(node, path: path, rules: rules, log: &log),
                let above = table.required("above", log: &log)?.integer(atLeast: 1, log: &log),
                let tier = serviceTier(of: table, among: rates, log: &log),
                let rates = Rates(reading: table, required: [], standard: rates[tier], log: &log)
            else { return nil }
            guard seen.insert("\(tier.rawValue) \(above)").inserted else {
                log.error(table.line, "two context tiers begin above \(above) tokens", "put them into one")
                return nil
            }
            if rates.prices.isEmpty { table.reportMissing("input", log: &log) }
            return ContextTier(tier: tier, aboveTokens: above, rates: rates)
        }
    }

    /// The service tier of a context tier, which needs rates of its own.
    private static func serviceTier(
        of table: YAMLTable, among rates: [ServiceTier: Rates], log: inout ProblemLog
    ) -> ServiceTier? {
        guard let scalar = table.scalar("tier", log: &log) else { return .standard }
        guard let tier = ServiceTier(rawValue: scalar.text), tier == .standard || rates[tier] != nil else {
            log.error(
                table.line(of: "tier"),
                "`\(YAMLTable.join(table.path, "tier"))` is '\(scalar.text)', which has no rates here",
                "name one of the price's own: \(rates.keys.map(\.rawValue).sorted().joined(separator: ", "))")
            return nil
        }
        return tier
    }
}
