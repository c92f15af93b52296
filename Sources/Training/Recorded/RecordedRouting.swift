package import Domain
package import Estimation
import Routing

/// Recorded rows, routed one by one as the service would under a policy.
///
/// The rule sees which models have a record of a row, the row's words and the predictions. What a model scored, cost and
/// said is read once the rule has called it. Recorded models have no price list: what their profile predicts of a call's
/// cost stands as the price of the call, and their speed is the recorded one, where there is one.
package struct RecordedRouting {
    private let estimator: any Estimating
    private let policy: Policy

    package init(policy: Policy, profiles: ProfileSet) {
        self.init(policy: policy, estimator: ProfileEstimator(profiles))
    }

    init(policy: Policy, estimator: any Estimating) {
        self.estimator = estimator
        self.policy = policy
    }

    /// Routes all rows of a suite.
    package func figures(_ replay: Replay) -> RoutedFigures {
        var sums = Sums()
        for row in replay.rows.indices { route(row, of: replay, by: estimator, into: &sums) }
        return sums.figures(rows: replay.rows.count)
    }

    /// Routes all rows of a suite with estimates that were read before, one per row.
    func figures(_ replay: Replay, estimates: [any StepEstimates]) -> RoutedFigures {
        var sums = Sums()
        for row in replay.rows.indices {
            route(row, of: replay, by: PreparedEstimator(estimates: estimates[row]), into: &sums)
        }
        return sums.figures(rows: replay.rows.count)
    }

    /// The estimates of every row, for many routings of the same rows.
    func estimates(_ replay: Replay) -> [any StepEstimates] {
        replay.rows.indices.map { row in
            estimator.estimates(of: replay.rows[row].text, for: models(row, of: replay).map(\.model))
        }
    }

    /// The models with a record of a row.
    private func models(_ row: Int, of replay: Replay) -> [PricedModel] {
        replay.models.indices.filter { replay.paid[row][$0] != nil }
            .map { Self.priced(replay.models[$0], costUSD: replay.predictedCost[row][$0]) }
    }

    private func route(_ row: Int, of replay: Replay, by estimator: any Estimating, into sums: inout Sums) {
        let router = StepRouter(estimator: estimator)
        let context = RoutingContext(
            models: models(row, of: replay), economics: .standard, policy: policy, remaining: Remaining(of: policy),
            horizon: 1, catalogVersion: "recorded")
        let text = replay.rows[row].text
        let bytes = text.prompt.utf8.count + (text.tools?.utf8.count ?? 0)
        let step = Step(
            id: replay.rows[row].id, runID: replay.rows[row].id, position: 1, text: text,
            promptTokens: max(1, bytes / 4), promptTokensAtMost: max(1, bytes))
        do throws(RoutingError) {
            var course = try router.machine(for: step, decisionID: "", state: RunState(), context: context)
            course.proceedWithoutCalls()
            let decided = course.decision
            let kept = finish(&course) { model in
                let column = replay.models.firstIndex(of: model.rawValue) ?? 0
                sums.calls += 1
                sums.cost += replay.paid[row][column] ?? 0
                return replay.rows[row].outcomes[model.rawValue]?.output
            }
            let column = replay.models.firstIndex(of: kept.rawValue) ?? 0
            let reference = replay.models.firstIndex(of: decided.reference.rawValue) ?? 0
            sums.score += replay.score[row][column] ?? 0
            sums.models[kept.rawValue, default: 0] += 1
            sums.stages[decided.stage.rawValue, default: 0] += 1
            sums.reference.costUSD += replay.paid[row][reference] ?? 0
            sums.reference.accuracy += replay.score[row][reference] ?? 0
        } catch {
            sums.refused += 1
            sums.refusal = sums.refusal ?? "\(error)"
        }
    }

    /// Calls as the rule says until an answer is kept; whose it is.
    ///
    /// - Parameter pay: pays for a model's answer and gives its words, nil where they were not recorded.
    private func finish(_ course: inout StepMachine, paying pay: (ModelID) -> String?) -> ModelID {
        while true {
            switch course.action {
            case .call(let verdict):
                let output = pay(verdict.model)
                guard policy.verify, let output else { return verdict.model }
                course.answered(verdict.model, output: output)
            case .keep(let model, _): return model
            case .sample: course.sampleFailed("not recorded")
            case .predict, .decompose: course.proceedWithoutCalls()
            case .split, .abandon, .ignored: return course.decision.model
            }
        }
    }

    /// A model with a fixed cost per call of any length. Models without a recorded speed are equally fast.
    private static func priced(_ name: String, costUSD: Double) -> PricedModel {
        let most = Double(Int64.max / 2)
        let call = UnitPrice(nanoUSDPerMillion: Int64(min(most, max(0, costUSD * 1e15)).rounded()))
        let day = CalendarDay(daysSinceEpoch: 0)
        let price = Price(
            tiers: [.standard: Rates([.input: .zero, .output: .zero, .request: call])],
            source: "predicted of recorded calls", asOf: day)
        let model = Model(
            id: ModelID(name), provider: "recorded",
            endpoint: Endpoint(baseURL: "", wire: .openAI, modelName: name, keyVariable: nil), placement: .cloud,
            tier: .medium, profile: ModelID(name), contextTokens: .max / 4, maxOutputTokens: 4096,
            capabilities: Set(Capability.allCases), prices: [price],
            speed: Speed(
                overheadSeconds: 0.5, prefillTokensPerSecond: 10_000, decodeTokensPerSecond: 1e9,
                provenance: .estimated))
        return PricedModel(model: model, price: price)
    }

    private struct Sums {
        var cost = 0.0
        var score = 0.0
        var reference = CostCurve.Point(costUSD: 0, accuracy: 0)
        var calls = 0
        var refused = 0
        var refusal: String?
        var models: [String: Int] = [:]
        var stages: [String: Int] = [:]

        func figures(rows: Int) -> RoutedFigures {
            let count = Double(max(1, rows))
            return RoutedFigures(
                point: CostCurve.Point(costUSD: cost / count, accuracy: score / count),
                reference: CostCurve.Point(
                    costUSD: reference.costUSD / count, accuracy: reference.accuracy / count),
                modelShares: models.mapValues { Double($0) / count },
                stageShares: stages.mapValues { Double($0) / count }, meanCalls: Double(calls) / count,
                refused: refused, refusal: refusal)
        }
    }
}
