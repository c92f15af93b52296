import Domain

extension Rates {
    /// One field for each usage class.
    static let rules = UsageClass.allCases.map { unit in
        let free = "or `\(unit.rawValue): 0` if it is truly free"
        return switch unit {
        case .request: FieldRule(unit.rawValue, "`request: 0.005` (USD per call), \(free)")
        default: FieldRule(unit.rawValue, "`\(unit.rawValue): 0.15` (USD per million tokens), \(free)")
        }
    }

    /// Parses the classes of a block; nil if a price is invalid or a required one is missing.
    ///
    /// - Parameter standard: the rates that apply to classes that the block does not list.
    init?(reading table: YAMLTable, required: [UsageClass], standard: Rates? = nil, log: inout ProblemLog) {
        var prices: [UsageClass: UnitPrice] = [:]
        var isComplete = true
        for unit in UsageClass.allCases {
            let scalar =
                required.contains(unit)
                ? table.required(unit.rawValue, log: &log) : table.scalar(unit.rawValue, log: &log)
            let price = scalar?.price(unit.reader, log: &log)
            prices[unit] = price
            if price == nil, required.contains(unit) || table.has(unit.rawValue) { isComplete = false }
        }
        if let cached = prices[.cachedRead], let input = prices[.input] ?? standard?.prices[.input], cached > input {
            let path = YAMLTable.join(table.path, UsageClass.cachedRead.rawValue)
            log.warning(
                table.line(of: UsageClass.cachedRead.rawValue), "`\(path)` is dearer than `input`",
                "compare both with the price list, caches make a prompt cheaper")
        }
        guard isComplete else { return nil }
        self.init(prices)
    }
}

extension UsageClass {
    /// Parses a price in the class's unit: a fee per call, everything else per million.
    fileprivate var reader: (String) throws(MoneyError) -> UnitPrice {
        switch self {
        case .request: { (text: String) throws(MoneyError) in try UnitPrice(usdPerUnit: text) }
        default: { (text: String) throws(MoneyError) in try UnitPrice(usdPerMillion: text) }
        }
    }
}
