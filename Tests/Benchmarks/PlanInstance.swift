import Optimization

/// A generated program with tight limits on cost, latency and mean accuracy.
struct PlanInstance {
    /// How options and limits are drawn.
    enum Family: String, CaseIterable {
        /// Prices, speeds and qualities as of real models: dearer is mostly better. A plan that trades cost, latency
        /// and error by random weights is found first; every limit is `slack` above what it uses.
        case market
        /// As market, but the limits are stacked: the budget cuts the free plan's cost by a tenth, the deadline what is
        /// left of its latency, the accuracy what is left of its error, each by a share of what is possible.
        case stacked
        /// Amounts drawn evenly and independently: no model is better than another, nothing is dominated. Limits as
        /// in market.
        case even
        /// As market, but there are only four different steps, over and over: ties everywhere.
        case equal
        /// As market, and no model may run more than a share of the steps: one more limit a model.
        case capacity
    }

    var family = Family.market
    var steps: Int
    var models: Int
    var switching = false
    var slack = 0.02
    var gap = 0.0
    var timeLimit = Duration.seconds(10)

    /// The program of one seed; the same seed gives the same program.
    func program(seed: UInt64) -> AssignmentProgram {
        var random = PlanRandom(seed)
        var options = family == .even ? even(&random) : market(&random)
        if family == .equal { options = (0..<steps).map { options[$0 % 4 % options.count] } }
        var program = AssignmentProgram(
            options: options, weights: AssignmentWeights(cost: 0.3, energy: 0.1, latency: 0.2, accuracy: 0.4),
            timeLimit: timeLimit, gap: gap)
        if switching {
            program.switching = (0..<steps).map { step in
                options[step].map { option in
                    AssignmentSwitch(
                        cost: ((option?.cost ?? 0) * random.unit()).rounded(), energy: 4 * random.unit(),
                        latency: 0.6 * random.unit())
                }
            }
        }
        tighten(&program, &random)
        return program
    }

    private func even(_ random: inout PlanRandom) -> [[AssignmentOption?]] {
        (0..<steps).map { _ in
            (0..<models).map { _ in
                AssignmentOption(
                    cost: (1e6 * random.unit()).rounded(), energy: 100 * random.unit(), latency: 10 * random.unit(),
                    accuracy: random.unit())
            }
        }
    }

    private func market(_ random: inout PlanRandom) -> [[AssignmentOption?]] {
        let prices = (0..<models).map { _ in 20 * Self.power(500, random.unit()) }
        let quality = prices.map { price in 0.6 * Self.rank(price, prices) + 0.4 * random.unit() }
        let speed = (0..<models).map { _ in 0.004 + 0.03 * random.unit() }
        let watts = (0..<models).map { _ in 5 + 60 * random.unit() }
        var options: [[AssignmentOption?]] = []
        options.reserveCapacity(steps)
        for _ in 0..<steps {
            let tokens = 50 * Self.power(30, random.unit())
            let difficulty = random.unit()
            options.append(
                (0..<models).map { model in
                    let noise = 0.7 + 0.6 * random.unit()
                    let latency = 0.2 + tokens * speed[model] * noise
                    let ease = 1 + 0.25 * (random.unit() - 0.5) - difficulty * (1 - quality[model])
                    return AssignmentOption(
                        cost: (tokens * prices[model] * noise).rounded(), energy: latency * watts[model],
                        latency: latency, accuracy: min(1, max(0, ease)))
                })
        }
        return options
    }

    private func tighten(_ program: inout AssignmentProgram, _ random: inout PlanRandom) {
        if family == .stacked {
            stack(&program)
            return
        }
        var reference = program
        reference.weights = AssignmentWeights(
            cost: 0.2 + random.unit(), energy: 0, latency: 0.2 + random.unit(), accuracy: 0.2 + random.unit())
        if family == .capacity { reference.slots = (0..<models).map { _ in max(1, steps * 3 / models) } }
        guard let totals = try? AssignmentSolver().solve(reference).totals else { return }
        if family == .capacity { program.slots = (0..<models).map { _ in max(1, steps * 3 / models) } }
        program.budget = (totals.cost * (1 + slack)).rounded()
        program.deadline = totals.latency * (1 + slack)
        program.minimumMeanAccuracy = 1 - (1 - totals.meanAccuracy) * (1 + slack)
    }

    private func stack(_ program: inout AssignmentProgram) {
        /// The totals of the present program's plan, and the least total of one criterion within its limits.
        func totals(_ only: Criterion? = nil) -> AssignmentTotals? {
            var program = program
            program.gap = 1e-3
            if let only { program.weights = .only(only) }
            return try? AssignmentSolver().solve(program).totals
        }
        let share = 0.3
        guard let free = totals(), let cheapest = totals(.cost) else { return }
        program.budget = (free.cost - share * (free.cost - cheapest.cost)).rounded()
        guard let bought = totals(), let quickest = totals(.latency) else { return }
        program.deadline = bought.latency - share * (bought.latency - quickest.latency)
        guard let quick = totals(), let best = totals(.accuracy) else { return }
        program.minimumMeanAccuracy = quick.meanAccuracy + share * (best.meanAccuracy - quick.meanAccuracy)
    }

    private static func rank(_ value: Double, _ values: [Double]) -> Double {
        Double(values.count(where: { $0 < value })) / Double(max(1, values.count - 1))
    }

    private static func power(_ base: Double, _ exponent: Double) -> Double {
        PlanClock.power(base, exponent)
    }
}

/// SplitMix64, so that an instance can be made again from its number, also by the comparison script.
struct PlanRandom {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    mutating func unit() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double((mixed ^ (mixed >> 31)) >> 11) / 9_007_199_254_740_992
    }
}
