import JSON

/// How a step is decomposed (SD).
package struct DecompositionRule: Hashable, Sendable {
    package var mode: DecompositionMode
    /// The model that decomposes; nil to skip SD, since decomposing costs a call.
    package var decomposer: Decomposer?
    /// Most parts; longer lists are rejected.
    package var mostParts: Int
    package var kappa: PartKappa

    package init(
        mode: DecompositionMode = .partial, decomposer: Decomposer? = nil, mostParts: Int = 6,
        kappa: PartKappa = .step
    ) {
        self.mode = mode
        self.decomposer = decomposer
        self.mostParts = mostParts
        self.kappa = kappa
    }
}

package enum DecompositionMode: String, CaseIterable, Hashable, Sendable {
    /// Each part goes to its own best model.
    case partial
    /// One cheaper model does all parts, or the reference does the whole step (the paper).
    case allOrNothing = "all_or_nothing"
    case off
}

/// The model that decomposes a step.
package enum Decomposer: Hashable, Sendable {
    /// The cheapest candidate of the step.
    case cheapest
    case model(ModelID)

    package init(name: String) { self = name == "cheapest" ? .cheapest : .model(ModelID(name)) }

    package var name: String {
        switch self {
        case .cheapest: "cheapest"
        case .model(let id): id.rawValue
        }
    }
}

/// The threshold of the parts of a step.
package enum PartKappa: Hashable, Sendable {
    /// The step's own.
    case step
    /// As if the parts were the steps i, i + 1, ...
    case position
    case fixed(Double)
}

extension DecompositionRule {
    /// Parses `"partial"`, `"all_or_nothing"`, `"off"`, or an object with `mode`, `by`, `most` and `kappa`.
    init(json: JSONValue, base: DecompositionRule, fields: FieldReader) throws(FieldError) {
        self = base
        if json.string != nil {
            mode = try fields.choice("decompose", of: DecompositionMode.self) ?? mode
            return
        }
        let fields = try FieldReader(json, path: fields.path("decompose"), known: ["mode", "by", "most", "kappa"])
        mode = try fields.choice("mode", of: DecompositionMode.self) ?? mode
        decomposer = try fields.string("by").map { Decomposer(name: $0) } ?? decomposer
        mostParts = try fields.integer("most", in: 2...SequenceRule.mostParts) ?? mostParts
        if let value = fields.value("kappa") { kappa = try PartKappa(json: value, fields: fields) }
    }

    func write(into writer: inout JSONWriter) {
        writer.member("mode", mode.rawValue)
        if let decomposer { writer.member("by", decomposer.name) }
        writer.member("most", mostParts)
        switch kappa {
        case .step: writer.member("kappa", "step")
        case .position: writer.member("kappa", "position")
        case .fixed(let value): writer.member("kappa", value)
        }
    }
}

extension PartKappa {
    init(json: JSONValue, fields: FieldReader) throws(FieldError) {
        switch json.string {
        case "step": self = .step
        case "position": self = .position
        case nil:
            guard let value = try fields.number("kappa", in: 0...1) else { throw Self.unknown(fields) }
            self = .fixed(value)
        default: throw Self.unknown(fields)
        }
    }

    private static func unknown(_ fields: FieldReader) -> FieldError {
        FieldError(fields.path("kappa"), "must be \"step\", \"position\" or a number from 0 to 1")
    }
}
