package import Domain
import JSON

/// What to do when the money does not cover all rows.
package enum ShortfallRule: String, CaseIterable, Hashable, Sendable {
    /// Reject the batch.
    case refuse
    /// As many rows as possible on their cheapest models; money left over upgrades models.
    case cheapest
    /// As many rows as possible, each on its model of best predicted quality.
    case best

    package init(_ rule: InfeasibleRule) {
        switch rule {
        case .reject: self = .refuse
        case .cheapest: self = .cheapest
        case .best: self = .best
        }
    }
}

/// Options of a batch, as set by its caller.
package struct BatchOptions: Hashable, Sendable {
    /// Cost limit of all rows; nil for no limit of the batch's own.
    package var budget: Money?
    /// When rows that have not started expire; nil for never.
    package var deadline: Timestamp?
    package var ifShort: ShortfallRule
    /// Replaces each row's `model`; nil keeps it.
    package var model: String?
    /// Name of the policy for rows whose `model` is `hera`; nil for the key's or the default policy.
    package var policyName: String?
    /// JSON of a policy that overrides the base policy of unpinned rows; a row's own policy overrides both.
    package var policy: [UInt8]?
    /// Minimum mean predicted accuracy, 0...1.
    package var minAccuracy: Double?
    /// Energy limit of all rows.
    package var energyJoules: Double?
    /// Concurrent calls over all models; `slots` of a model limit its share.
    package var concurrency: Int
    /// Probability that the actual cost stays within the budget, 0.5 ..< 1; 0.5 plans on the mean.
    package var confidence: Double

    package static let standardConcurrency = 16
    package static let standardConfidence = 0.95

    package init(
        budget: Money?, deadline: Timestamp? = nil, ifShort: ShortfallRule = .refuse, model: String? = nil,
        concurrency: Int = BatchOptions.standardConcurrency, confidence: Double = BatchOptions.standardConfidence
    ) {
        self.budget = budget
        self.deadline = deadline
        self.ifShort = ifShort
        self.model = model
        self.concurrency = concurrency
        self.confidence = confidence
    }
}

/// Reads batch options from strings in `metadata` (`budget_usd`, `hera.policy`, ...) and from the member `hera` of the
/// body.
struct BatchOptionsReader {
    private static let names = [
        "budget_usd", "policy", "model", "if_short", "confidence", "concurrency", "min_accuracy", "energy_j",
    ]

    private struct Setting {
        let path: String
        let value: JSONValue

        /// The string, or the number as written.
        var text: String? { value.string ?? value.numberText }
    }

    private var settings: [String: Setting] = [:]

    /// - Parameter metadata: `budget_usd` and members that begin with `hera.`, by name.
    init(_ metadata: [String: JSONValue], hera: JSONValue?) throws(FieldError) {
        for (key, value) in metadata {
            let name = key.hasPrefix("hera.") ? String(key.dropFirst(5)) : key
            try add(name, Setting(path: "metadata.\(key)", value: value))
        }
        guard let hera else { return }
        guard hera.kind == .object else {
            throw FieldError("hera", "must be an object like {\"if_short\": \"cheapest\"}")
        }
        for member in hera.members where !member.value.isNull {
            try add(member.key, Setting(path: "hera.\(member.key)", value: member.value))
        }
    }

    private mutating func add(_ name: String, _ setting: Setting) throws(FieldError) {
        guard Self.names.contains(name) else {
            let hint =
                Spelling.closest(to: name, among: Self.names).map { "did you mean '\($0)'?" }
                ?? "known: \(Self.names.joined(separator: ", "))"
            throw FieldError(setting.path, "unknown field; \(hint)")
        }
        if let other = settings[name] { throw FieldError(setting.path, "is said twice, also in \(other.path)") }
        settings[name] = setting
    }

    func terms(ifShort rule: ShortfallRule) throws(FieldError) -> BatchOptions {
        var terms = BatchOptions(budget: try budget(), ifShort: rule)
        if let setting = settings["if_short"] {
            guard let rule = setting.text.flatMap(ShortfallRule.init(rawValue:)) else {
                let known = ShortfallRule.allCases.map(\.rawValue).joined(separator: ", ")
                throw FieldError(setting.path, "must be one of \(known)")
            }
            terms.ifShort = rule
        }
        terms.model = try text("model")
        if let setting = settings["policy"], setting.value.kind == .object {
            terms.policy = Array(setting.value.raw)
        } else {
            terms.policyName = try text("policy")
        }
        terms.confidence = try number("confidence", in: 0.5...0.9999) ?? terms.confidence
        if let number = try number("concurrency", in: 1...1024) {
            guard let whole = Int(exactly: number) else {
                throw FieldError(settings["concurrency"]?.path ?? "", "must be a whole number")
            }
            terms.concurrency = whole
        }
        terms.minAccuracy = try number("min_accuracy", in: 0...1)
        terms.energyJoules = try number("energy_j", in: 0...1e12)
        return terms
    }

    private func budget() throws(FieldError) -> Money? {
        guard let setting = settings["budget_usd"] else { return nil }
        let text = setting.text ?? ""
        do throws(MoneyError) {
            let budget = try Money(usd: text)
            if budget > .zero { return budget }
        } catch {
            let hint = text.contains { $0.isLetter } ? "; amounts are in USD, as a plain number" : ""
            throw FieldError(setting.path, "\(error)\(hint)")
        }
        throw FieldError(setting.path, "must be above 0")
    }

    private func text(_ name: String) throws(FieldError) -> String? {
        guard let setting = settings[name] else { return nil }
        guard let text = setting.value.string, !text.isEmpty else { throw FieldError(setting.path, "must be a string") }
        return text
    }

    private func number(_ name: String, in range: ClosedRange<Double>) throws(FieldError) -> Double? {
        guard let setting = settings[name] else { return nil }
        guard let number = setting.text.flatMap({ Double($0) }), range.contains(number) else {
            throw FieldError(setting.path, "must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
