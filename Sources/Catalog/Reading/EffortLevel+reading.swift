import Domain

extension EffortLevel {
    static let rules = MeasuredEffort.levels.map { effort in
        FieldRule(
            effort.rawValue, "`\(effort.rawValue): {reasoning_effort: \(effort.rawValue), length: 2, source: ...}`")
    }

    private static let levelRules = [
        FieldRule("reasoning_effort", "`reasoning_effort: low`, as the model's server writes it"),
        FieldRule("thinking", "`thinking: adaptive` (or enabled, disabled), for servers with such a member"),
        FieldRule("thinking_budget", "`thinking_budget: 4000`, the most tokens of thinking"),
        FieldRule("verbosity", "`verbosity: low`, as the model's server writes it"),
        FieldRule("length", "`length: 2`, times the tokens that a model without reasoning writes"),
        FieldRule("source", "`source: ...`, where the length comes from"),
    ]

    /// Parses `efforts` of a model's table, the least effort first; empty if absent.
    static func levels(of model: YAMLTable, wire: WireFormat?, log: inout ProblemLog) -> [EffortLevel] {
        guard let table = model.table("efforts", rules: rules, log: &log) else { return [] }
        let levels = MeasuredEffort.levels.compactMap { EffortLevel($0, of: table, wire: wire, log: &log) }
        let unasked = levels.filter { $0.parameters.isEmpty }
        if unasked.count > 1 {
            log.error(
                table.line(of: unasked[1].effort.rawValue),
                "`efforts.\(unasked[1].effort.rawValue)` and `efforts.\(unasked[0].effort.rawValue)` ask for nothing",
                "give all levels but one a `reasoning_effort`, `thinking`, `thinking_budget` or `verbosity`")
        }
        return levels
    }

    private init?(_ effort: MeasuredEffort, of table: YAMLTable, wire: WireFormat?, log: inout ProblemLog) {
        guard let level = table.table(effort.rawValue, rules: Self.levelRules, log: &log) else { return nil }
        let thinking: ThinkingMode? = level.scalar("thinking", log: &log)?.choice(log: &log)
        let parameters = EffortParameters(
            reasoningEffort: level.scalar("reasoning_effort", log: &log)?.text, thinking: thinking,
            thinkingTokens: level.scalar("thinking_budget", log: &log)?.integer(atLeast: 1024, log: &log),
            verbosity: level.scalar("verbosity", log: &log)?.text)
        // Neither format has a member for the other's.
        for (name, known) in [("thinking_budget", WireFormat.anthropic), ("verbosity", .openAI)]
        where level.has(name) && wire != known {
            log.error(
                level.line(of: name), "`efforts.\(effort.rawValue).\(name)` has no place in this server's format",
                "use `reasoning_effort` or `thinking`, or leave the level out")
        }
        let length = level.required("length", log: &log)?.number(positive: true, log: &log)
        let source = level.required("source", log: &log)
        guard let length, let source else { return nil }
        self.init(effort: effort, parameters: parameters, length: length, source: source.text)
    }
}
