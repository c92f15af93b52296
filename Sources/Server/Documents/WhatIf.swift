import Domain
import Foundation
import JSON
import Ledger

/// What recorded decisions would have come to under another policy, by their own predictions. Pure; calls nothing.
///
/// Each decision has its candidates with predicted quality, cost, time and energy. Under a new `max_loss` one price of
/// quality is sought for all decisions together: each takes the candidate with the greatest quality x price - cost, and
/// the price is the smallest at which the mean predicted loss against the reference stays within `max_loss`.
struct WhatIf: Sendable {
    /// What to assume. Every member may be left out.
    struct Assumption: Sendable {
        /// The mean of predicted quality that may be lost against each decision's reference.
        var maxLoss = 0.01
        /// Longest predicted time of a candidate.
        var deadlineSeconds: Double?
        /// Money that a second of waiting is worth.
        var usdPerSecond = 0.0
        var models = ModelFilter()
        var placement = PlacementRule.any

        init() {}

        init(json: JSONValue) throws(FieldError) {
            let fields = try FieldReader(
                json, path: "",
                known: ["max_loss", "deadline_s", "usd_per_second", "allow", "deny", "placement", "limit"])
            maxLoss = try fields.number("max_loss", in: 0...1) ?? maxLoss
            deadlineSeconds = try fields.number("deadline_s", in: 0.001...86_400)
            usdPerSecond = try fields.number("usd_per_second", in: 0...1000) ?? 0
            models.allow = try Self.names("allow", fields)
            models.deny = try Self.names("deny", fields)
            if let text = try fields.string("placement") {
                guard let rule = PlacementRule(rawValue: text) else {
                    throw FieldError("placement", "must be any, edge_only or cloud_only")
                }
                placement = rule
            }
        }

        private static func names(_ name: String, _ fields: FieldReader) throws(FieldError) -> [ModelID] {
            guard let value = fields.value(name) else { return [] }
            guard value.kind == .array else { throw FieldError(name, "must be a list of models") }
            return value.elements.compactMap { $0.string.map { ModelID($0) } }
        }
    }

    /// The sums of a choice over all decisions.
    struct Outcome: Sendable {
        var decisions = 0
        var cost = Money.zero
        /// Sums of predicted quality, of the loss against the reference, of seconds and joules.
        var quality = 0.0
        var loss = 0.0
        var seconds = 0.0
        var joules = 0.0
        var models: [ModelID: Int] = [:]

        mutating func add(_ candidate: Candidate, reference: Double) {
            decisions += 1
            cost = (try? cost.adding(candidate.cost.total)) ?? cost
            quality += candidate.prediction.quality
            loss += max(0, reference - candidate.prediction.quality)
            seconds += candidate.latencySeconds
            joules += candidate.energyJoules
            models[candidate.model, default: 0] += 1
        }

        var meanLoss: Double { decisions == 0 ? 0 : loss / Double(decisions) }
    }

    private struct Choice: Sendable {
        let chosen: Candidate
        let reference: Candidate
        let able: [Candidate]
    }

    /// What one decision may choose among, with the numbers that the search for a price reads again and again.
    private struct Options: Sendable {
        let able: [Candidate]
        /// The reference's quality.
        let reference: Double
        private let qualities: [Double]
        /// Money and the worth of waiting, in USD.
        private let costs: [Double]

        init(of able: [Candidate], reference: Double, usdPerSecond: Double) {
            self.able = able
            self.reference = reference
            qualities = able.map(\.prediction.quality)
            costs = able.map { $0.cost.total.usd + $0.latencySeconds * usdPerSecond }
        }

        /// The place of the candidate that is worth most where a unit of quality has this price.
        func best(at price: Double) -> Int {
            var best = 0
            for place in able.indices
            where qualities[place] * price - costs[place] > qualities[best] * price - costs[best] { best = place }
            return best
        }

        func loss(of place: Int) -> Double { max(0, reference - qualities[place]) }
    }

    private let choices: [Choice]
    /// Decisions without a candidate to choose among, such as pinned models.
    let leftOut: Int

    /// - Parameter decisions: those with at least two candidates that can serve count.
    init(_ decisions: [Decision]) {
        choices = decisions.compactMap { decision in
            let able = decision.candidates.filter { $0.rejection == nil }
            guard decision.stage != .pinned, able.count > 1, let chosen = decision.candidate(decision.model),
                let reference = decision.candidate(decision.reference)
            else { return nil }
            return Choice(chosen: chosen, reference: reference, able: able)
        }
        leftOut = decisions.count - choices.count
    }

    /// The choices as they were made, by their predictions.
    var present: Outcome {
        var outcome = Outcome()
        for choice in choices { outcome.add(choice.chosen, reference: choice.reference.prediction.quality) }
        return outcome
    }

    /// Every decision on its reference.
    var baseline: Outcome {
        var outcome = Outcome()
        for choice in choices { outcome.add(choice.reference, reference: choice.reference.prediction.quality) }
        return outcome
    }

    /// The choices under an assumption.
    func outcome(_ assumption: Assumption) -> Outcome {
        outcome(of: options(assumption), maxLoss: assumption.maxLoss)
    }

    private func outcome(of options: [Options], maxLoss: Double) -> Outcome {
        func meanLoss(at price: Double) -> Double {
            options.reduce(0) { $0 + $1.loss(of: $1.best(at: price)) } / Double(max(options.count, 1))
        }
        func chosen(at price: Double) -> Outcome {
            var outcome = Outcome()
            for option in options {
                outcome.add(option.able[option.best(at: price)], reference: option.reference)
            }
            return outcome
        }
        guard meanLoss(at: 0) > maxLoss else { return chosen(at: 0) }
        // USD that a whole unit of quality is worth; bisected over orders of magnitude.
        var (low, high) = (-9.0, 4.0)
        for _ in 0..<40 {
            let middle = (low + high) / 2
            if meanLoss(at: pow(10, middle)) > maxLoss { low = middle } else { high = middle }
        }
        return chosen(at: pow(10, high))
    }

    /// The outcomes of a row of losses, for a picture of cost against quality.
    func curve(_ assumption: Assumption) -> [(maxLoss: Double, outcome: Outcome)] {
        let options = options(assumption)
        return [0, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2].map { loss in
            (loss, outcome(of: options, maxLoss: loss))
        }
    }

    private func options(_ assumption: Assumption) -> [Options] {
        choices.map { choice in
            Options(
                of: Self.able(choice, assumption), reference: choice.reference.prediction.quality,
                usdPerSecond: assumption.usdPerSecond)
        }
    }

    /// The candidates that the assumption admits; the reference where it admits none.
    private static func able(_ choice: Choice, _ assumption: Assumption) -> [Candidate] {
        let able = choice.able.filter { candidate in
            assumption.placement.admits(candidate.placement)
                && (assumption.models.allow.isEmpty || assumption.models.allow.contains(candidate.model))
                && !assumption.models.deny.contains(candidate.model)
                && candidate.latencySeconds <= assumption.deadlineSeconds ?? .infinity
        }
        return able.isEmpty ? [choice.reference] : able
    }
}

extension WhatIf.Outcome {
    func write(into object: inout JSONWriter) {
        let count = Double(max(decisions, 1))
        object.member("decisions", decisions)
        object.member("cost_usd", raw: cost.description.utf8)
        object.member("quality", decisions == 0 ? nil : quality / count)
        object.member("loss", decisions == 0 ? nil : meanLoss)
        object.member("latency_s_mean", decisions == 0 ? nil : seconds / count)
        object.member("energy_j", joules)
        object.member(
            "models",
            object: { inner in
                for (model, number) in models.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
                    inner.member(model.rawValue, number)
                }
            })
    }
}
