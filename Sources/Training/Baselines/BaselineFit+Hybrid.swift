import Estimation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension BaselineFit {
    /// HybridLLM, generalised from its pair to N models by a chain of pairs.
    ///
    /// From the cheapest model of the hull upwards, each query stays where its classifier predicts that the cheaper of
    /// two neighbours is as good. The paper draws several answers per query to get Pr[q_small >= q_large]. With one
    /// recorded answer each, the mean over `smoothing` nearest training queries replaces it.
    func hybrid(_ replay: Replay, smoothing: Int, isTransformed: Bool) -> CostCurve {
        let pairs = Array(zip(hull, hull.dropFirst()))
        if pairs.isEmpty { return CostCurve(singles(replay)) }
        var targets = Targets(rows: rows.count, width: pairs.count)
        let near = rows.indices.map { row -> [Int] in
            if smoothing <= 1 { return [row] }
            let own = (x.starts[row]..<x.starts[row + 1]).map { (column: x.columns[$0], value: x.values[$0]) }
            return [row] + neighbours(of: own, count: smoothing - 1, without: row)
        }
        for (column, pair) in pairs.enumerated() {
            let differences = rows.map { row -> Double? in
                guard let small = row.outcomes[models[pair.0]], let large = row.outcomes[models[pair.1]] else {
                    return nil
                }
                return small.score - large.score
            }
            let expected = near.map { group -> Double in
                let known = group.compactMap { differences[$0] }
                return known.reduce(0, +) / Double(max(known.count, 1))
            }
            let slack = isTransformed ? Self.slack(expected) : 0
            for row in rows.indices {
                let known = near[row].compactMap { differences[$0] }
                if known.isEmpty { continue }
                let label =
                    isTransformed
                    ? (expected[row] >= -slack ? 1 : 0)
                    : known.reduce(0) { $0 + ($1 >= 0 ? 1 : 0) } / Double(known.count)
                targets.set(row, column, label)
            }
        }
        let weights = SparseLogistic().fit(x, targets, rows: Array(rows.indices))
        let stride = targets.scores.stride
        let scores = replay.rows.map { row -> [Float] in
            var sums = (0..<pairs.count).map { weights[x.width * stride + $0 >> 2][$0 & 3] }
            for (column, value) in vocabulary.row(NGrams(of: row.text.estimatedTexts)) {
                for pair in 0..<pairs.count {
                    sums[pair] += value * weights[Int(column) * stride + pair >> 2][pair & 3]
                }
            }
            return sums.map { logistic($0) }
        }
        let points = (0...100).map { step -> CostCurve.Point in
            let threshold = Float(step) / 100
            return replayed(replay) { row in
                for (place, score) in scores[row].enumerated() where score >= threshold { return hull[place] }
                return hull[hull.count - 1]
            }
        }
        return CostCurve(points)
    }

    /// t* of the paper's section 3.3: the slack whose labels vary most between queries, so that half are 1.
    private static func slack(_ expected: [Double]) -> Double {
        var best = (slack: 0.0, difference: -1.0)
        for step in 0...20 {
            let slack = Double(step) / 20
            let share = Double(expected.filter { $0 >= -slack }.count) / Double(max(expected.count, 1))
            let difference = 2 * share * (1 - share)
            if difference > best.difference { best = (slack, difference) }
        }
        return best.slack
    }

    /// The point of a fixed choice per row.
    func replayed(_ replay: Replay, _ choose: (Int) -> Int) -> CostCurve.Point {
        var cost = 0.0
        var score = 0.0
        for row in replay.rows.indices {
            let model = choose(row)
            cost += replay.paid[row][model] ?? 0
            score += replay.score[row][model] ?? 0
        }
        let count = Double(max(replay.rows.count, 1))
        return CostCurve.Point(costUSD: cost / count, accuracy: score / count)
    }

    /// FrugalGPT: three models of the hull in order of cost, a scorer of prompt and answer, one threshold.
    func frugal(_ replay: Replay) -> CostCurve? {
        guard replay.rows.allSatisfy({ $0.outcomes.values.allSatisfy { $0.output != nil } }),
            rows.allSatisfy({ $0.outcomes.values.allSatisfy { $0.output != nil } }), !hull.isEmpty
        else { return nil }
        let chain = hull.count <= 3 ? hull : [hull[0], hull[hull.count / 2], hull[hull.count - 1]]
        func grams(_ row: OutcomeRow, _ model: Int) -> NGrams {
            NGrams(of: row.text.estimatedTexts + [row.outcomes[models[model]]?.output ?? "", "by model \(model)"])
        }
        var texts: [NGrams] = []
        var labels: [Double] = []
        for row in rows {
            for model in chain {
                guard let outcome = row.outcomes[models[model]] else { continue }
                texts.append(grams(row, model))
                labels.append(outcome.score)
            }
        }
        let vocabulary = Vocabulary(of: texts, limit: 40_000)
        var scored = SparseRows(width: vocabulary.count)
        var targets = Targets(rows: texts.count, width: 1)
        for (row, text) in texts.enumerated() {
            scored.append(vocabulary.row(text))
            targets.set(row, 0, labels[row])
        }
        let weights = SparseLogistic().fit(scored, targets, rows: Array(texts.indices))
        let correctness = replay.rows.map { row in
            chain.map { model in
                vocabulary.row(grams(row, model)).reduce(weights[scored.width][0]) {
                    $0 + $1.value * weights[Int($1.column)][0]
                }
            }
        }
        let points = (0...100).map { step -> CostCurve.Point in
            let threshold = Float(logit(Double(step) / 100))
            var cost = 0.0
            var score = 0.0
            for row in replay.rows.indices {
                for (place, model) in chain.enumerated() {
                    cost += replay.paid[row][model] ?? 0
                    guard place == chain.count - 1 || correctness[row][place] >= threshold else { continue }
                    score += replay.score[row][model] ?? 0
                    break
                }
            }
            let count = Double(max(replay.rows.count, 1))
            return CostCurve.Point(costUSD: cost / count, accuracy: score / count)
        }
        return CostCurve(points)
    }
}
