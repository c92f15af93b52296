import Domain
import Estimation
import JSON
import Routing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Results of the restart policy on recorded runs.
///
/// Every step taken is paid, only steps taken are read, and the task ends with the result of the last run.
package struct RestartFigures: Sendable {
    package var curve: CostCurve
    package var bestSingle: CostCurve.Point
    package var successMax: Double
    package var successAtQuarter: Double
    package var successAtHalf: Double
    package var costRatioAtBestSingle: Double?
    /// The share of steps by models other than the dearest, at the cheapest setting that reaches the best single
    /// model's success. Where none does, it is taken at the best setting.
    package var cheapShare: Double

    init(_ replay: RunReplay, detectionRate: Double? = nil, settings: Int = 120) {
        let complete = replay.tasks.indices.filter { replay.runs[$0].allSatisfy { $0 != nil } }
        let singles = replay.models.indices.map { model in
            CostCurve.Point(
                costUSD: complete.reduce(0) { $0 + (replay.runs[$1][model]?.costUSD ?? 0) }
                    / Double(max(complete.count, 1)),
                accuracy: complete.reduce(0) { $0 + (replay.runs[$1][model]?.success ?? 0) }
                    / Double(max(complete.count, 1)))
        }
        let best =
            singles.indices.max {
                (singles[$0].accuracy, -singles[$0].costUSD) < (singles[$1].accuracy, -singles[$1].costUSD)
            } ?? 0
        let dearest = singles.indices.max { singles[$0].costUSD < singles[$1].costUSD } ?? 0
        let cheapest = singles.min { $0.costUSD < $1.costUSD } ?? CostCurve.Point(costUSD: 0, accuracy: 0)
        bestSingle = singles.isEmpty ? cheapest : singles[best]
        var points: [(point: CostCurve.Point, cheapShare: Double)] = []
        for setting in 0...settings {
            let scale = max(bestSingle.costUSD, 1e-9)
            let weight =
                setting == 0 ? 0 : exp(log(3e-3) + log(3e4) * Double(setting - 1) / Double(settings - 1)) / scale
            let policy = RestartPolicy(
                weight: weight, detectionRate: detectionRate ?? Double(replay.profile.detectionRate))
            points.append(Self.run(replay, complete, policy, dearest: dearest))
        }
        curve = CostCurve(points.map(\.point))
        successMax = points.map(\.point.accuracy).max() ?? 0
        successAtQuarter = curve.accuracy(atMost: bestSingle.costUSD * 0.25) ?? cheapest.accuracy
        successAtHalf = curve.accuracy(atMost: bestSingle.costUSD * 0.5) ?? cheapest.accuracy
        let needed = bestSingle.accuracy
        costRatioAtBestSingle = curve.cost(reaching: needed).map { [bestSingle] in $0 / max(bestSingle.costUSD, 1e-12) }
        let reaching = points.filter { $0.point.accuracy >= needed - 1e-12 }
        let shown =
            reaching.min { $0.point.costUSD < $1.point.costUSD }
            ?? points.max { $0.point.accuracy < $1.point.accuracy }
        cheapShare = shown?.cheapShare ?? 0
    }

    private static func run(
        _ replay: RunReplay, _ tasks: [Int], _ policy: RestartPolicy, dearest: Int
    ) -> (point: CostCurve.Point, cheapShare: Double) {
        var cost = 0.0
        var success = 0.0
        var steps = 0.0
        var cheap = 0.0
        for task in tasks {
            let seen = RestartPolicy.Task(
                start: replay.start[task],
                costUSD: replay.models.indices.map { replay.profile.remainingUSD(model: $0, steps: 0) },
                couplings: replay.panel.couplings)
            var probabilities = seen.start
            var untried = Array(replay.models.indices)
            var tries = policy.tries
            guard var model = policy.best(seen, probabilities: probabilities, untried: untried, tries: tries)?.model
            else { continue }
            while let run = replay.runs[task][model] {
                untried.removeAll { $0 == model }
                tries -= 1
                var next: Int?
                for taken in 1...max(run.steps.count, 1) {
                    cost += run.steps.isEmpty ? 0 : run.steps[taken - 1].costUSD
                    steps += 1
                    cheap += model == dearest ? 0 : 1
                    let isOver = taken >= run.steps.count
                    let now = replay.success[task][model][min(taken, run.steps.count)]
                    guard tries > 0 else { continue }
                    let after = policy.corrected(seen, probabilities, by: model, to: now)
                    let other = policy.best(seen, probabilities: after, untried: untried, tries: tries)
                    let afterFailure = policy.corrected(seen, probabilities, by: model, to: 0)
                    let rescue = policy.best(seen, probabilities: afterFailure, untried: untried, tries: tries)
                    let stay =
                        isOver
                        ? now
                        : now - policy.weight * replay.profile.remainingUSD(model: model, steps: taken)
                            + (1 - now) * policy.detectionRate * max(0, rescue?.value ?? 0)
                    if let other, other.value > stay + policy.margin {
                        next = other.model
                        probabilities = after
                        break
                    }
                }
                guard let chosen = next else {
                    success += run.success
                    break
                }
                model = chosen
            }
        }
        let count = Double(max(tasks.count, 1))
        return (CostCurve.Point(costUSD: cost / count, accuracy: success / count), cheap / max(steps, 1))
    }

    func writeMembers(to json: inout JSONWriter) {
        curve.write(to: &json, valueName: "success")
        json.member("success_max", successMax)
        json.member(
            "success_at",
            object: { json in
                json.member("0.25", successAtQuarter)
                json.member("0.5", successAtHalf)
            })
        json.member("cost_ratio_at_best_single", costRatioAtBestSingle)
        json.member("slm_share", cheapShare)
    }
}
