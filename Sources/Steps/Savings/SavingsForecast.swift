import Calls
package import Dialects
package import Domain
package import JSON
import Routing

/// Predicted savings of routing over logged requests.
///
/// Each request counts as the first call of its run. No model is called: costs come from catalog prices and predicted
/// lengths, quality from profiles or tier priors.
package struct SavingsForecast: Sendable {
    /// Sums over requests.
    package struct Sums: Hashable, Sendable {
        package var requests = 0
        /// Expected cost.
        package var cost = Money.zero
        /// Sum of the probabilities of an acceptable answer.
        package var quality = 0.0
        package var energyJoules = 0.0

        package init() {}

        package var meanQuality: Double { requests > 0 ? quality / Double(requests) : 0 }

        mutating func add(_ candidate: Candidate) throws(MoneyError) {
            cost = try cost.adding(candidate.cost.total)
            requests += 1
            quality += candidate.prediction.quality
            energyJoules += candidate.energyJoules
        }
    }

    /// All requests as routed by hera.
    package private(set) var routed = Sums()
    /// Routed requests by model.
    package private(set) var models: [ModelID: Sums] = [:]
    /// All requests on their original models. The reference replaces unknown models and models without a price.
    package private(set) var before = Sums()
    /// Original requests by model.
    package private(set) var modelsBefore: [ModelID: Sums] = [:]
    /// Requests of `before` on the reference as a replacement.
    package private(set) var standIns = 0

    package init() {}

    /// Adds a request.
    ///
    /// - Parameter asked: the original model.
    package mutating func add(_ decision: Decision, asked: ModelID?) throws(MoneyError) {
        guard let chosen = decision.candidate(decision.model),
            let reference = decision.candidate(decision.reference)
        else { return }
        // A model that the policy rejects now was still the original one.
        let named = asked.flatMap { decision.candidate($0) }.flatMap {
            $0.rejection == nil || $0.cost.total > .zero ? $0 : nil
        }
        if named == nil { standIns += 1 }
        let earlier = named ?? reference
        try routed.add(chosen)
        try models[chosen.model, default: Sums()].add(chosen)
        try before.add(earlier)
        try modelsBefore[earlier.model, default: Sums()].add(earlier)
    }

    /// Saved share of the cost; negative where hera costs more, nil where nothing costs anything.
    package var savedShare: Double? { before.cost > .zero ? 1 - routed.cost.usd / before.cost.usd : nil }

    /// Writes the members `routed`, `before`, `stand_ins` and `saved_share` into an object.
    package func writeMembers(to json: inout JSONWriter) {
        json.member("routed", object: { Self.write(routed, models, to: &$0) })
        json.member("before", object: { Self.write(before, modelsBefore, to: &$0) })
        json.member("stand_ins", standIns)
        json.member("saved_share", savedShare)
    }

    private static func write(_ sums: Sums, _ models: [ModelID: Sums], to json: inout JSONWriter) {
        members(of: sums, to: &json)
        json.member(
            "models",
            object: { json in
                for (model, sums) in models.sorted(by: { $0.key < $1.key }) {
                    json.member(model.rawValue, object: { members(of: sums, to: &$0) })
                }
            })
    }

    private static func members(of sums: Sums, to json: inout JSONWriter) {
        json.member("requests", sums.requests)
        json.member("predicted_cost_usd", sums.cost.usd)
        json.member("predicted_quality", sums.meanQuality)
        json.member("predicted_energy_j", sums.energyJoules)
    }
}

extension StepService {
    /// Adds the routing decision of a logged request.
    package func forecast(
        _ past: PastRequest, into savings: inout SavingsForecast
    ) async throws {
        let decision = try await dryRun(past.chat, from: Caller())
        let asked = past.model.flatMap { try? model(named: $0, at: .now()) }?.model.id
        do throws(MoneyError) {
            try savings.add(decision, asked: asked)
        } catch {
            throw FieldError("", "\(error)")
        }
    }
}

/// A logged request, parsed from a line of a log file.
///
/// The line is an OpenAI chat request or an Anthropic messages request. It may also contain one as `body` (as in batch
/// files) or `request`.
package struct PastRequest: Sendable {
    /// The original model; nil where the line names none.
    package let model: String?
    /// The request with its new target.
    package let chat: ChatRequest

    /// Parses a line.
    ///
    /// - Parameters:
    ///   - target: `hera`, `hera/<policy>` or a catalog model.
    ///   - policy: JSON of a policy; nil keeps the line's own.
    /// - Throws: the invalid field.
    package init(line: some Sequence<UInt8>, asking target: String, policy: [UInt8]? = nil) throws(FieldError) {
        let root = try Self.document(Array(line)).root
        guard root.kind == .object else { throw FieldError("", "a line must be a JSON object") }
        let containers = [root] + ["body", "request"].compactMap { root[$0] }
        guard let body = containers.first(where: { $0["messages"] != nil }) else {
            throw FieldError("messages", "is missing: a line is a chat request, or has one as \"body\" or \"request\"")
        }
        model = body["model"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        var members = [(key: "model", value: JSONWriter.quoted(target))]
        if let policy { members.append((key: "hera", value: policy)) }
        let rewritten = try Self.document(try Self.document(Array(body.raw)).settingMembers(members))
        chat = try Self.isAnthropic(body) ? MessagesRequest(rewritten).chat : ChatRequest(rewritten)
    }

    /// Anthropic's format has a top-level system prompt and tools with `input_schema`.
    private static func isAnthropic(_ body: JSONValue) -> Bool {
        body["system"] != nil || body["tools"]?.elements.contains { $0["input_schema"] != nil } ?? false
    }

    private static func document(_ bytes: [UInt8]) throws(FieldError) -> JSONDocument {
        do throws(JSONError) {
            return try JSONDocument(bytes)
        } catch {
            throw FieldError("", "\(error)")
        }
    }
}
