/// Corrects predicted costs by true ones: a factor that all models share, and one for each model.
///
/// The shared factor has the prior N(1, s^2), s the robust budget's shared deviation. Each booked sum of costs observes
/// it with the precision (sum predicted)^2 / (sum variance): the posterior of a normal mean. A model's own factor is
/// shrunk towards the shared one by the weight of a few of its rows.
struct CostCorrection: Sendable {
    private var realised: [Double]
    private var predicted: [Double]
    /// Mean predicted cost of a row, by model.
    private let meanCosts: [Double]
    private var variance = 0.0
    private let priorDeviation: Double?

    /// - Parameter sharedDeviation: nil if unknown. Then the prior weighs as much as five booked rows.
    init(_ program: AssignmentProgram, sharedDeviation: Double?) {
        realised = [Double](repeating: 0, count: program.modelCount)
        predicted = realised
        priorDeviation = sharedDeviation
        meanCosts = (0..<program.modelCount).map { model in
            let rows = program.options.compactMap { $0[model]?.cost }
            return rows.reduce(0, +) / Double(max(1, rows.count))
        }
    }

    /// Books one answer, nano-USD.
    mutating func book(_ model: Int, predicted forecast: Double, variance: Double?, true cost: Double) {
        realised[model] += cost
        predicted[model] += forecast
        self.variance += variance ?? 0
    }

    /// True to predicted cost of all models together.
    private var sharedFactor: Double {
        let forecast = predicted.reduce(0, +)
        guard forecast > 0 else { return 1 }
        let ratio = realised.reduce(0, +) / forecast
        let weight = trust
        return weight * ratio + (1 - weight)
    }

    /// The weight of the observed ratio against the prior, 0...1.
    private var trust: Double {
        let forecast = predicted.reduce(0, +)
        guard let priorDeviation, variance > 0 else {
            let prior = 5 * meanCosts.reduce(0, +) / Double(max(1, meanCosts.count))
            return forecast > 0 ? forecast / (forecast + prior) : 0
        }
        let prior = priorDeviation * priorDeviation
        return prior / (prior + variance / (forecast * forecast))
    }

    /// The posterior's deviation.
    var sharedDeviation: Double { (priorDeviation ?? 0) * max(0, 1 - trust).squareRoot() }

    /// True to predicted cost of one model, shrunk towards the shared factor by the weight of `caution` rows.
    func factor(_ model: Int, caution: Double) -> Double {
        let prior = caution * meanCosts[model]
        let shared = sharedFactor
        return prior > 0 ? (realised[model] + prior * shared) / (predicted[model] + prior) : shared
    }
}
