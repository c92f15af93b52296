import Domain
import Optimization

/// The columns of one step of a plan: candidates, some of them the same model in several ways of asking.
struct PlanColumns {
    private(set) var candidates: [Candidate]
    private(set) var options: [AssignmentOption]
    /// Whether each is expected to pass the rule's tests.
    private(set) var passes: [Bool]
    /// Index of the plan's choice.
    private(set) var choice: Int

    init(_ candidates: [Candidate], options: [AssignmentOption], passes: [Bool], choice: Int) {
        self.candidates = candidates
        self.options = options
        self.passes = passes
        self.choice = choice
    }

    /// One column per model: the plan's own choice, and of every other model its best way at the plan's prices.
    func one(by forecast: PlanForecast, priced: PricedStep?) -> PlanColumns {
        var kept: [ModelID: Int] = [:]
        for index in candidates.indices {
            let model = candidates[index].model
            guard let other = kept[model] else {
                kept[model] = index
                continue
            }
            if other == choice { continue }
            let isBetter =
                forecast.pricedObjective(options[index], by: priced)
                < forecast.pricedObjective(options[other], by: priced)
            if index == choice || isBetter { kept[model] = index }
        }
        guard kept.count < candidates.count else { return self }
        let places = kept.values.sorted()
        var columns = self
        columns.candidates = places.map { candidates[$0] }
        columns.options = places.map { options[$0] }
        columns.passes = places.map { passes[$0] }
        columns.choice = places.firstIndex(of: choice) ?? 0
        return columns
    }
}

extension Candidate {
    /// The model with its way of asking, where it has one: "acme/one at low effort".
    package var wayName: String {
        var name = model.rawValue
        if let effort { name += " at \(effort.level.effort.rawValue) effort" }
        if let sources, !sources.left.isEmpty {
            name += sources.sent.isEmpty ? " without sources" : " with \(sources.sent.joined(separator: ", "))"
        }
        return name
    }
}
