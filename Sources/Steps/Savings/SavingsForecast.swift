package import Calls
package import Domain
package import JSON
import Routing

/// What routing is predicted to make of requests that were made before, against what was asked for then.
///
/// Every request stands for itself, as the first call of its run that hera sees. Nobody is called: costs come from the
/// catalog's prices and predicted lengths, quality from profiles or the priors of tiers.
package struct SavingsForecast: Sendable {
    /// Requests taken together.
    package struct Sums: Hashable, Sendable {
        package var requests = 0
        /// Expected, of all of them.
        package var cost = Money.zero
        /// Sum of the probabilities that the answers are acceptable.
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

    /// All requests as hera would send them.
    package private(set) var routed = Sums()
    /// The same by the model chosen.
    package private(set) var models: [ModelID: Sums] = [:]
    /// All requests on the models that were asked then; the reference stands for those that name no model of the catalog,
    /// or one without a price for them.
    package private(set) var before = Sums()
    /// The models of `before`.
    package private(set) var modelsBefore: [ModelID: Sums] = [:]
    /// Requests of `before` that the reference stands for.
    package private(set) var standIns = 0

    package init() {}

    /// Adds a request.
    ///
    /// - Parameter asked: the model that was asked then.
    package mutating func add(_ decision: Decision, asked: ModelID?) throws(MoneyError) {
        guard let chosen = decision.candidate(decision.model),
            let reference = decision.candidate(decision.reference)
        else { return }
        // One that the policy would not admit now was asked all the same then.
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

    /// The share of the cost that is saved; nil where nothing costs anything. Below 0 where hera costs more.
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
    /// Adds what routing would make of a request that was made before.
    package func forecast(
        _ past: PastRequest, into savings: inout SavingsForecast
    ) async throws(ServiceError) {
        let decision = try await dryRun(past.chat, from: Caller())
        let asked = past.model.flatMap { try? model(named: $0, at: .now()) }?.model.id
        do throws(MoneyError) {
            try savings.add(decision, asked: asked)
        } catch {
            throw .badRequest(FieldError("", "\(error)"))
        }
    }
}
