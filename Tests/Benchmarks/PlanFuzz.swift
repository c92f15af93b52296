import Optimization

/// Random programs, valid and malformed. None may crash the process, and every valid one must equal enumeration.
enum PlanFuzz {
    /// `Benchmarks plan verify COUNT`: programs up to 12 x 6 with all kinds of limits against enumeration.
    static func verify(_ count: Int) -> Bool {
        var wrong = 0
        var infeasible = 0
        for seed in 0..<count {
            var random = PlanRandom(UInt64(seed) &+ 1_000_000)
            let program = program(&random, steps: 12, models: 6)
            let truth = PlanReference(program).best
            do {
                let solution = try AssignmentSolver().solve(program)
                let tolerance = max(program.gap, 1e-7) * max(1, truth)
                if !(abs(solution.objective - truth) <= tolerance) {
                    wrong += 1
                    print("seed \(seed): objective \(solution.objective), enumeration \(truth)")
                }
                if solution.bound > truth + 1e-9 * max(1, truth) || !solution.proven {
                    wrong += 1
                    print("seed \(seed): bound \(solution.bound), enumeration \(truth), proven \(solution.proven)")
                }
            } catch OptimizationError.infeasible {
                infeasible += 1
                if truth.isFinite {
                    wrong += 1
                    print("seed \(seed): infeasible, enumeration \(truth)")
                }
            } catch {
                wrong += 1
                print("seed \(seed): \(error)")
            }
        }
        print("verify: \(count) programs, \(infeasible) infeasible, \(wrong) disagree")
        return wrong == 0
    }

    /// `Benchmarks plan fuzz COUNT`: two thirds of the programs are corrupted in one to three places.
    static func fuzz(_ count: Int) {
        var tally: [String: Int] = [:]
        for seed in 0..<count {
            var random = PlanRandom(UInt64(seed) &+ 2_000_000)
            if random.unit() < 0.25 {
                tally[linear(&random), default: 0] += 1
                continue
            }
            var program = program(&random, steps: 8, models: 6)
            program.timeLimit = .milliseconds(200)
            if random.unit() < 0.67 { for _ in 0..<random.below(3) + 1 { spoil(&program, &random) } }
            do {
                let strategy: AssignmentStrategy = random.unit() < 0.3 ? .glpk : .automatic
                let solution = try AssignmentSolver(strategy: strategy).solve(program)
                tally["plan", default: 0] += 1
                if !(solution.bound <= solution.objective) { tally["FALSE CERTIFICATE", default: 0] += 1 }
            } catch {
                tally[name(error), default: 0] += 1
            }
        }
        print("fuzz: \(count) programs, " + tally.map { "\($0.key) \($0.value)" }.sorted().joined(separator: ", "))
    }

    private static func name(_ error: OptimizationError) -> String {
        switch error {
        case .invalid: "invalid"
        case .infeasible: "infeasible"
        case .timedOut: "timed out"
        case .cancelled: "cancelled"
        case .solverFailed(let reason): "solver failed (\(reason))"
        }
    }

    static func program(_ random: inout PlanRandom, steps: Int, models: Int) -> AssignmentProgram {
        let steps = 1 + random.below(steps)
        let models = 1 + random.below(models)
        let missing = random.unit() < 0.3 ? 0.2 : 0
        var options: [[AssignmentOption?]] = []
        for _ in 0..<steps {
            options.append(
                (0..<models).map { model in
                    if random.unit() < missing { return nil }
                    let size = Double(model + 1) / Double(models)
                    return AssignmentOption(
                        cost: (1000 * size * (0.3 + random.unit())).rounded(), energy: 20 * random.unit(),
                        latency: 3 * random.unit(), accuracy: min(1, 0.3 + 0.4 * size + 0.4 * random.unit()))
                })
        }
        var program = AssignmentProgram(
            options: options,
            weights: AssignmentWeights(
                cost: random.unit(), energy: random.unit() < 0.5 ? random.unit() : 0,
                latency: random.unit() < 0.5 ? random.unit() : 0, accuracy: 0.01 + 2 * random.unit()),
            timeLimit: .seconds(20), gap: 1e-9)
        let size = Double(steps)
        if random.unit() < 0.3 { program.accuracyFloors = (0..<steps).map { _ in 0.6 * random.unit() } }
        if random.unit() < 0.5 {
            program.switching = (0..<steps).map { _ in
                (0..<models).map { _ in
                    AssignmentSwitch(
                        cost: (400 * random.unit()).rounded(), energy: 5 * random.unit(), latency: random.unit())
                }
            }
            if random.unit() < 0.5 { program.previous = random.below(models) }
        }
        if random.unit() < 0.6 { program.budget = (size * (200 + 700 * random.unit())).rounded() }
        if random.unit() < 0.6 { program.deadline = size * (0.4 + 2 * random.unit()) }
        if random.unit() < 0.4 { program.energyCap = size * (3 + 14 * random.unit()) }
        if random.unit() < 0.5 { program.minimumMeanAccuracy = 0.5 + 0.4 * random.unit() }
        if random.unit() < 0.3 {
            program.slots = (0..<models).map { _ in random.unit() < 0.5 ? random.below(steps + 1) : nil }
        }
        if random.unit() < 0.2 {
            let amounts = (0..<steps).map { _ in (0..<models).map { _ in random.unit() } }
            program.limits = [
                AssignmentLimit(name: "carbon", unit: "g", most: size * (0.2 + 0.6 * random.unit()), amounts: amounts)
            ]
        }
        return program
    }

    private static let strange: [Double] = [
        .nan, .infinity, -.infinity, -1, 0, -0.0, .leastNonzeroMagnitude, 1e300, 1e-12, 9_007_199_254_740_992, 1, 1e15,
    ]

    private static func spoil(_ program: inout AssignmentProgram, _ random: inout PlanRandom) {
        let value = strange[random.below(strange.count)]
        let step = random.below(max(1, program.stepCount))
        let model = random.below(max(1, program.modelCount))
        let exists = step < program.stepCount && model < program.options[step].count
        switch random.below(20) {
        case 0 where exists: program.options[step][model]?.cost = value
        case 1 where exists: program.options[step][model]?.energy = value
        case 2 where exists: program.options[step][model]?.latency = value
        case 3 where exists: program.options[step][model]?.accuracy = value
        case 4: program.budget = value
        case 5: program.deadline = value
        case 6: program.energyCap = value
        case 7: program.minimumMeanAccuracy = value
        case 8: program.gap = value
        case 9: program.timeLimit = random.unit() < 0.5 ? .zero : .nanoseconds(1)
        case 10: program.weights.cost = value
        case 11: program.weights.accuracy = value
        case 12: program.options = random.unit() < 0.5 ? [] : [[]]
        case 13 where exists: program.options[step] = [AssignmentOption?](repeating: nil, count: program.modelCount)
        case 14: program.slots = (0..<random.below(8)).map { _ in random.below(5) - 2 }
        case 15: program.accuracyFloors = [value]
        case 16: program.latencyPaths = [[random.below(9) - 1, random.below(9)], []]
        case 17: program.previous = random.below(9) - 1
        case 18: program.limits.append(AssignmentLimit(name: "x", unit: "y", most: value, amounts: [[value]]))
        case 19 where step < program.switching.count && model < program.switching[step].count:
            program.switching[step][model].cost = value
        default: break
        }
    }

    /// A raw linear program with arbitrary values, passed to GLPK.
    private static func linear(_ random: inout PlanRandom) -> String {
        func number(_ random: inout PlanRandom) -> Double {
            random.unit() < 0.03 ? strange[random.below(strange.count)] : (20 * random.unit() - 8).rounded()
        }
        var program = LinearProgram()
        for _ in 0..<random.below(7) {
            let lower = random.unit() < 0.1 ? number(&random) : 0
            let upper = random.unit() < 0.3 ? .infinity : lower + (6 * random.unit()).rounded()
            _ = program.addColumn(
                .init(
                    objective: number(&random), lower: lower, upper: upper, isInteger: random.unit() < 0.5))
        }
        for _ in 0..<random.below(6) {
            program.rows.append(.init(lower: -.infinity, upper: number(&random)))
        }
        for row in program.rows.indices {
            for column in program.columns.indices where random.unit() < 0.7 {
                program.entries.append(.init(row: row, column: column, value: number(&random)))
            }
        }
        if random.unit() < 0.1 {
            program.entries.append(.init(row: random.below(6) - 1, column: random.below(7) - 1, value: 1))
        }
        do {
            return "linear \(try GLPK.solve(program, timeLimit: .milliseconds(200), gap: 0).status)"
        } catch {
            return "linear \(name(error))"
        }
    }
}

extension PlanRandom {
    /// A whole number from 0 to below a bound.
    mutating func below(_ bound: Int) -> Int { Int(unit() * Double(bound)) }
}
