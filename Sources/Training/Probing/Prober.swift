import Domain
package import Estimation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Infers a new model's profile from few of its answers, through the known models.
///
/// 1. The K most informative questions: medoids of K clusters of the questions, described by the predictions for the
///    panel's models and by their latent directions (UniRoute's representative prompts).
/// 2. The new model's answers to these K are explained by the panel's predictions and by the known models' scores on
///    the same questions: a logistic regression with a strong prior at "as able as the known models on average".
/// 3. That regression predicts every question of the file. The mean is the new model's base rate (a survey with control
///    variates, with far less variance than the share of K answers).
/// 4. From the text alone: the blend of the panel's log-odds that is nearest to these probabilities.
package struct Prober: Sendable {
    package var seed: UInt64 = 1

    package init(seed: UInt64 = 1) { self.seed = seed }

    /// - Parameters:
    ///   - rows: training rows of one suite with the new model's outcomes among others. Only K of the new model's are
    ///     read.
    /// - Returns: the set with the new model, and the rows used as probes.
    /// - Throws: `EstimationError.unknown`, `.notEnoughData`.
    package func profile(
        _ model: String, rows: [OutcomeRow], probes: Int, known: ProfileSet
    ) throws(EstimationError) -> (profiles: ProfileSet, probes: [OutcomeRow]) {
        let rows = rows.filter { $0.outcomes[model] != nil }
        let names = Set(rows.flatMap { $0.outcomes.keys })
        let overlap = known.panels.map { names.intersection($0.models).count }
        guard let place = overlap.indices.max(by: { (overlap[$0], $1) < (overlap[$1], $0) }), overlap[place] > 0 else {
            throw .notEnoughData("none of the models beside \(model) in the file has a profile to infer from")
        }
        guard rows.count >= probes, probes >= 8 else {
            throw .notEnoughData(
                "\(model) has answers to \(rows.count) training rows, and \(probes) probes were asked for (at least 8)")
        }
        let panel = known.panels[place]
        let described = rows.map { row -> (odds: [Double], directions: [Float]) in
            let features = known.features(of: row.text)
            let dense = panel.dense(features.grams, features.counts(forPanel: place))
            let first = panel.countFeatures
            return (
                panel.probabilities(dense).prefix(panel.models.count).map { logit(Double($0)) },
                Array(dense[first..<(first + panel.table.width - panel.models.count)])
            )
        }
        let chosen = choose(described, count: probes)
        let x = rows.indices.map { covariates(rows[$0], described[$0].odds, panel) }
        let width = x.first?.count ?? 0
        let beta = RidgeLogistic.fit(
            chosen.map { x[$0] }, chosen.map { rows[$0].outcomes[model]?.score ?? 0 },
            mean: [0, 0.7, 2.5] + [Double](repeating: 0, count: width - 3),
            precision: [0.05, 4, 1] + [Double](repeating: 4, count: width - 3))
        let odds = x.map { row in min(max(zip(row, beta).reduce(0) { $0 + $1.0 * $1.1 }, -4), 4) }
        let weights = blend(described.map(\.odds), odds)
        let derived = derive(model, rows, chosen, odds, weights, panel)
        return (known.adding(derived), chosen.map { rows[$0] })
    }

    /// 1, the panel's mean log-odds, the known models' mean score on the row, and each one's deviation from that mean.
    private func covariates(_ row: OutcomeRow, _ odds: [Double], _ panel: PanelProfile) -> [Double] {
        let scores = panel.models.indices.map { row.outcomes[panel.models[$0]]?.score }
        let known = scores.compactMap { $0 }
        let usual = Double(panel.baseRates.reduce(0, +)) / Double(max(panel.models.count, 1))
        let mean = known.isEmpty ? usual : known.reduce(0, +) / Double(known.count)
        return [1, odds.reduce(0, +) / Double(max(odds.count, 1)), mean - usual]
            + scores.map { ($0 ?? mean) - mean }
    }

    /// The blend of the panel's log-odds nearest to the given log-odds in least squares. The intercept is last.
    private func blend(_ odds: [[Double]], _ wanted: [Double]) -> [Float] {
        let width = odds.first?.count ?? 0
        let size = width + 1
        var gram = [Double](repeating: 0, count: size * size)
        var right = [Double](repeating: 0, count: size)
        for (row, target) in zip(odds, wanted) {
            let x = row + [1]
            for i in 0..<size {
                right[i] += x[i] * target
                for j in 0...i { gram[i * size + j] += x[i] * x[j] }
            }
        }
        // Without data, every model has the same share.
        let pull = 0.05 * Double(odds.count)
        for i in 0..<width {
            gram[i * size + i] += pull
            right[i] += pull * 0.7 / Double(width)
        }
        gram[width * size + width] += 1e-6
        return Cholesky.solve(&gram, right, size: size).map { Float($0) }
    }

    private func derive(
        _ model: String, _ rows: [OutcomeRow], _ chosen: [Int], _ odds: [Double], _ weights: [Float],
        _ panel: PanelProfile
    ) -> DerivedModel {
        let agreement = panel.models.map { name in
            chosen.reduce(0.0) { sum, row in
                guard let other = rows[row].outcomes[name], let own = rows[row].outcomes[model] else { return sum }
                return sum + 1 - abs(other.score - own.score)
            }
        }
        let like = agreement.indices.max { (agreement[$0], $1) < (agreement[$1], $0) } ?? 0
        func ratio(_ value: (Outcome) -> Double?) -> Float {
            var own = 0.0
            var others = 0.0
            for row in chosen {
                guard let mine = rows[row].outcomes[model].flatMap(value),
                    let theirs = rows[row].outcomes[panel.models[like]].flatMap(value)
                else { continue }
                own += mine
                others += theirs
            }
            return own > 0 && others > 0 ? Float(own / others) : 1
        }
        return DerivedModel(
            name: model, panel: panel.name, weights: weights,
            baseRate: Float(odds.reduce(0) { $0 + logistic($1) } / Double(max(odds.count, 1))), like: like,
            tokenRatio: ratio(\.outputTokens), costRatio: ratio(\.costUSD), probes: chosen.count)
    }

    private func choose(_ described: [(odds: [Double], directions: [Float])], count: Int) -> [Int] {
        let points = described.map { row in
            row.odds.map { Float($0 / Double(max(row.odds.count, 1)).squareRoot()) } + row.directions.map { 2 * $0 }
        }
        return Medoids.choose(points, count: count, seed: seed &+ 33)
    }
}

/// Selects representative points.
enum Medoids {
    /// The medoids of clusters made by k-means++ (Arthur, Vassilvitskii 2007) and eight of Lloyd's iterations.
    /// - Returns: `count` different indices, ascending. There must be at least as many points.
    static func choose(_ points: [[Float]], count: Int, seed: UInt64) -> [Int] {
        var random = SeededGenerator(seed: seed)
        func distance(_ a: [Float], _ b: [Float]) -> Float {
            zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        }
        var centres = [points[Int(random.next() % UInt64(points.count))]]
        var nearest = points.map { distance($0, centres[0]) }
        while centres.count < count {
            var rest = random.unit() * Double(nearest.reduce(0, +))
            let next = nearest.indices.first { index in
                rest -= Double(nearest[index])
                return rest <= 0
            }
            centres.append(points[next ?? 0])
            for index in points.indices {
                nearest[index] = min(nearest[index], distance(points[index], centres[centres.count - 1]))
            }
        }
        var owner = [Int](repeating: 0, count: points.count)
        for _ in 0..<8 {
            for index in points.indices {
                owner[index] =
                    centres.indices.min { distance(points[index], centres[$0]) < distance(points[index], centres[$1]) }
                    ?? 0
            }
            for centre in centres.indices {
                let members = points.indices.filter { owner[$0] == centre }
                if members.isEmpty { continue }
                centres[centre] = centres[centre].indices.map { column in
                    members.reduce(0) { $0 + points[$1][column] } / Float(members.count)
                }
            }
        }
        var chosen: Set<Int> = []
        for centre in centres {
            let medoid = points.indices.filter { !chosen.contains($0) }
                .min { distance(points[$0], centre) < distance(points[$1], centre) }
            if let medoid { chosen.insert(medoid) }
        }
        return chosen.sorted()
    }
}
