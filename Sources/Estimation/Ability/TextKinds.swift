import Domain

/// The kinds of task in a text, for what effort does to it (`EffortCurve`).
enum TextKinds {
    /// The kinds of recorded suites, by the name of their panel. Panels of another name count as general.
    private static let kinds: [String: Benchmark.Kind] = [
        "reasoning": .reasoning, "tools": .tools, "knowledge": .knowledge, "overruling": .classification,
        "pair": .knowledge, "mint": .agent, "sql": .agent,
    ]

    /// The share of each kind; they sum to 1.
    ///
    /// - Parameters:
    ///   - shares: of each panel in the text; what they leave resembles none.
    ///   - text: the step, whose tools tell what the rest is.
    static func shares(_ shares: [Float], panels: [String], text: StepText) -> [Benchmark.Kind: Double] {
        var found: [Benchmark.Kind: Double] = [:]
        var rest = 1.0
        for (share, panel) in zip(shares, panels) where share > 0 {
            found[kinds[panel] ?? .general, default: 0] += Double(share)
            rest -= Double(share)
        }
        let other: Benchmark.Kind = text.tools == nil ? .general : text.history.isEmpty ? .tools : .agent
        found[other, default: 0] += max(rest, 0)
        return found
    }
}
