import Core
import Estimation
import Foundation
import Optimization

/// A small predictor of one model for the plan's benchmark: logistic regression over hashed words for the score, a
/// line over the prompt's length for the cost, by dataset. The product's own estimators are better; this one is enough
/// to plan with, and depends on nothing that they might change.
struct PlanPredictor {
    private static let size = 1 << 14
    private var weights = [Double](repeating: 0, count: size)
    private var intercept = 0.0
    private var trust = 1.0
    private var lines: [String: Line] = [:]
    /// The model, or nil for the mean of all: how hard a text is for anybody.
    private let model: String?
    /// Share of the common difficulty's logit that this model's margin starts from.
    private var slope = 0.0

    /// Cost = base + slope x characters, and the variance that this leaves.
    private struct Line {
        var base: Double
        var slope: Double
        var variance: Double
        /// No prediction is below the least cost seen.
        var least: Double
        /// The mean cost seen.
        var mean: Double
    }

    /// Standard deviation of a call's cost around its prediction, as a share of the mean cost.
    var relativeSpread: Double {
        guard let line = lines[""], line.mean > 0 else { return 0 }
        return line.variance.squareRoot() / line.mean
    }

    /// - Parameters:
    ///   - common: the predictor of the mean over all models. A single model's words are noisy, and a plan that takes
    ///     the best of many noisy guesses is led astray; so each starts from what all models' answers say together.
    init(_ rows: [OutcomeRow], model: String?, common: PlanPredictor? = nil) {
        self.model = model
        calibrate(rows, common)
        for (dataset, rows) in Dictionary(grouping: rows, by: \.dataset) { lines[dataset] = line(rows) }
        lines[""] = line(rows)
    }

    /// Places of the hashed words and pairs of words, without repeats.
    static func grams(_ text: String) -> [Int] {
        var places = Set<Int>()
        var before: UInt64 = 0
        for word in text.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber }).prefix(400) {
            var hash: UInt64 = 14_695_981_039_346_656_037
            for byte in word.utf8 { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
            places.insert(Int((hash >> 20) % UInt64(size)))
            places.insert(Int(((hash ^ (before &* 31)) >> 17) % UInt64(size)))
            before = hash
        }
        return places.sorted()
    }

    /// Probability of a good answer.
    func accuracy(_ grams: [Int], common: Double = 0) -> Double { 1 / (1 + exp(-margin(grams, common))) }

    private func score(_ row: OutcomeRow) -> Double {
        if let model { return row.outcomes[model]?.score ?? 0 }
        return row.outcomes.values.reduce(0) { $0 + $1.score } / Double(max(1, row.outcomes.count))
    }

    /// Cost in USD.
    func cost(_ row: OutcomeRow) -> Spread {
        guard let line = lines[row.dataset] ?? lines[""] else { return Spread(mean: 0) }
        let mean = line.base + line.slope * Double(row.text.prompt.utf8.count)
        return Spread(mean: max(line.least, mean), variance: line.variance)
    }

    /// The logit of a good answer; `common` is the margin of the predictor of all models.
    func margin(_ grams: [Int], _ common: Double = 0) -> Double {
        let scale = trust / Double(max(1, grams.count)).squareRoot()
        return intercept + slope * common + scale * grams.reduce(0) { $0 + weights[$1] }
    }

    /// Fits on four fifths, chooses on the last how far the words are to be trusted, and fits again on all: a plan
    /// takes what looks best, so it suffers most from predictions that claim too much.
    private mutating func calibrate(_ rows: [OutcomeRow], _ common: PlanPredictor?) {
        let texts = rows.map { Self.grams($0.text.prompt) }
        let starts = texts.map { common?.margin($0) ?? 0 }
        let scores = rows.map(score)
        let held = rows.indices.filter { $0 % 5 == 4 }
        fitScore(texts, starts, scores, rows.indices.filter { $0 % 5 != 4 })
        var best = (loss: Double.infinity, trust: 0.0)
        for step in 0...10 {
            trust = Double(step) / 10
            var loss = 0.0
            for row in held {
                let guess = min(1 - 1e-6, max(1e-6, accuracy(texts[row], common: starts[row])))
                loss -= scores[row] * log(guess) + (1 - scores[row]) * log(1 - guess)
            }
            if loss < best.loss { best = (loss, trust) }
        }
        trust = 1
        fitScore(texts, starts, scores, Array(rows.indices))
        trust = best.trust
    }

    /// Stochastic gradient descent with a little shrinkage: first the line over the common margin, then the words.
    private mutating func fitScore(_ texts: [[Int]], _ starts: [Double], _ scores: [Double], _ rows: [Int]) {
        weights = [Double](repeating: 0, count: Self.size)
        let mean = min(0.99, max(0.01, rows.reduce(0) { $0 + scores[$1] } / Double(rows.count)))
        intercept = log(mean / (1 - mean))
        slope = 0
        var random = PlanRandom(5)
        for epoch in 0..<16 {
            let words = epoch >= 8 || starts.allSatisfy { $0 == 0 }
            let pace = 0.3 / (1 + Double(epoch % 8))
            for _ in rows {
                let row = rows[random.below(rows.count)]
                let error = scores[row] - accuracy(texts[row], common: starts[row])
                intercept += 0.1 * pace * error
                slope += 0.02 * pace * error * starts[row]
                guard words else { continue }
                let scale = pace * error / Double(max(1, texts[row].count)).squareRoot()
                for place in texts[row] { weights[place] += scale - pace * 1e-3 * weights[place] }
            }
        }
    }

    private func line(_ rows: [OutcomeRow]) -> Line {
        let lengths = rows.map { Double($0.text.prompt.utf8.count) }
        let costs = rows.map { row in model.flatMap { row.outcomes[$0]?.costUSD } ?? 0 }
        let count = Double(rows.count)
        let meanLength = lengths.reduce(0, +) / count
        let meanCost = costs.reduce(0, +) / count
        var product = 0.0
        var square = 0.0
        for (length, cost) in zip(lengths, costs) {
            product += (length - meanLength) * (cost - meanCost)
            square += (length - meanLength) * (length - meanLength)
        }
        let slope = square > 0 && rows.count >= 30 ? max(0, product / square) : 0
        let base = meanCost - slope * meanLength
        let left = zip(lengths, costs).reduce(0) { sum, pair in
            let error = pair.1 - base - slope * pair.0
            return sum + error * error
        }
        return Line(
            base: base, slope: slope, variance: left / max(1, count - 2), least: costs.min() ?? 0,
            mean: meanCost)
    }
}
