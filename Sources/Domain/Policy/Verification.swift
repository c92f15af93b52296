package import JSON

/// How an answer is verified (`verify`).
package struct Verification: Hashable, Sendable {
    package var isOn: Bool
    package var stream: StreamRule
    /// Least probability that the answer is acceptable; nil for the step's kappa.
    package var threshold: Double?

    package init(isOn: Bool = false, stream: StreamRule = .buffer, threshold: Double? = nil) {
        self.isOn = isOn
        self.stream = stream
        self.threshold = threshold
    }
}

/// What a stream does until its answer is verified.
package enum StreamRule: String, CaseIterable, Hashable, Sendable {
    /// Buffers until the verdict.
    case buffer
    /// Forwards at once, for speed. The verdict then only affects later steps.
    case first
}

extension Verification {
    /// Parses `true`, `false`, or an object with `on`, `stream` and `threshold`. An object without `on` means on.
    init(json: JSONValue, base: Verification, path: String) throws(FieldError) {
        self = base
        if let flag = json.boolean {
            isOn = flag
            return
        }
        guard json.kind == .object else {
            throw FieldError(path, "must be true, false, or an object with on, stream and threshold")
        }
        let fields = try FieldReader(json, path: path, known: ["on", "stream", "threshold"])
        isOn = try fields.boolean("on") ?? true
        stream = try fields.choice("stream", of: StreamRule.self) ?? stream
        threshold = try fields.number("threshold", in: 0...1) ?? threshold
    }

    /// Writes `verify` into the policy's object, as a boolean if that is complete.
    func write(into writer: inout JSONWriter) {
        guard stream != .buffer || threshold != nil else {
            writer.member("verify", isOn)
            return
        }
        writer.member(
            "verify",
            object: { object in
                object.member("on", isOn)
                object.member("stream", stream.rawValue)
                if let threshold { object.member("threshold", threshold) }
            })
    }
}

/// Shadow audits: the share of the cheaper models' steps that is repeated on the reference, and its budget.
///
/// The operator pays, so only the operator's settings may hold it.
package struct ShadowRule: Hashable, Sendable {
    /// Share of the steps, 0...1.
    package var share: Double
    /// Most money for a calendar month (UTC).
    package var budget: Money

    package init(share: Double, budget: Money) {
        self.share = share
        self.budget = budget
    }

    /// Parses `{share, budget_usd}`, both required.
    package init(json: JSONValue, path: String) throws(FieldError) {
        let fields = try FieldReader(json, path: path, known: ["share", "budget_usd"])
        guard let share = try fields.number("share", in: 0...1) else {
            throw FieldError(fields.path("share"), "is missing: say which share of the steps, for example 0.02")
        }
        guard let budget = try fields.money("budget_usd") else {
            throw FieldError(fields.path("budget_usd"), "is missing: say what audits may cost in a month")
        }
        self.init(share: share, budget: budget)
    }
}
