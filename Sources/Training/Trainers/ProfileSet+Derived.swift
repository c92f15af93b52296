import Estimation

extension ProfileSet {
    /// What a derived model is made of, for people.
    package func describe(_ model: String) -> String {
        for panel in panels {
            guard let derived = panel.derived.first(where: { $0.name == model }) else { continue }
            let shares = zip(panel.models, derived.weights).sorted { abs($0.1) > abs($1.1) }.prefix(4)
                .map { "\(TextTable.fixed(Double($0.1), 2)) \($0.0)" }.joined(separator: ", ")
            return """
                \(model): expected \(TextTable.fixed(Double(derived.baseRate) * 100, 1)) % on questions like \
                \(panel.name)'s, from \(derived.probes) answers; most like \(panel.models[derived.like]); \
                blend of log-odds: \(shares)
                """
        }
        return "\(model) is not derived"
    }
}
