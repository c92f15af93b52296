import Optimization
import Training

/// CPU time of plans on tight instances: `Benchmarks plan [case ...] [family] [slack]`; plans against enumeration:
/// `Benchmarks plan verify COUNT`; random and malformed programs: `Benchmarks plan fuzz COUNT`; instances for other
/// solvers: `Benchmarks plan emit CASE SEED [family]`; `Benchmarks plan threads`; `Benchmarks plan picture`;
/// real outcomes: `Benchmarks plan data FILE ...`.
enum PlanBenchmark {
    struct Case {
        var name: String
        var instance: PlanInstance
        var runs: Int
    }

    static let cases = [
        Case(name: "1x16", instance: PlanInstance(steps: 1, models: 16), runs: 2000),
        Case(name: "8x16", instance: PlanInstance(steps: 8, models: 16, switching: true), runs: 1000),
        Case(name: "100x20", instance: PlanInstance(steps: 100, models: 20, gap: 5e-3), runs: 100),
        Case(name: "1000x10", instance: PlanInstance(steps: 1000, models: 10, gap: 1e-3), runs: 50),
        Case(name: "10000x10", instance: PlanInstance(steps: 10_000, models: 10, gap: 5e-4), runs: 10),
        Case(name: "100000x10", instance: PlanInstance(steps: 100_000, models: 10, gap: 1e-4), runs: 2),
    ]

    /// A million options, only when asked for by name; family even.
    static let wide = [
        Case(name: "1x1000000", instance: PlanInstance(family: .even, steps: 1, models: 1_000_000), runs: 1),
        Case(name: "1000x1000", instance: PlanInstance(family: .even, steps: 1000, models: 1000, gap: 1e-3), runs: 1),
    ]

    static func run(_ arguments: [String]) async {
        let count = arguments.dropFirst().first.flatMap(Int.init)
        switch arguments.first {
        case "verify": if !PlanFuzz.verify(count ?? 10_000) { PlanClock.fail() }
        case "fuzz": PlanFuzz.fuzz(count ?? 100_000)
        case "emit": PlanEmission.print(Array(arguments.dropFirst()))
        case "threads": if await !PlanThreads.run() { PlanClock.fail() }
        case "data": if !PlanData.run(Array(arguments.dropFirst())) { PlanClock.fail() }
        case "picture": PlanPicture.print(Array(arguments.dropFirst()))
        default: time(arguments)
        }
    }

    private static func time(_ arguments: [String]) {
        let family = PlanInstance.Family.allCases.first { arguments.contains($0.rawValue) } ?? .market
        let slack = arguments.compactMap(Double.init).first
        var chosen = cases.filter { arguments.contains($0.name) }
        if chosen.isEmpty { chosen = wide.filter { arguments.contains($0.name) } }
        if chosen.isEmpty { chosen = cases }
        for index in chosen.indices where chosen[index].instance.family == .market {
            chosen[index].instance.family = family
            if let slack { chosen[index].instance.slack = slack }
        }
        print("case        runs  p50 ms   p99 ms   max ms   worst gap  unproven infeasible  peak MB  methods")
        for test in chosen { measure(test) }
    }

    private static func measure(_ test: Case) {
        var times: [Double] = []
        var worst = 0.0
        var unproven = 0
        var infeasible = 0
        var methods: [AssignmentMethod: Int] = [:]
        for seed in 0..<test.runs {
            let program = test.instance.program(seed: UInt64(seed + 1))
            let start = PlanClock.cpuSeconds
            do {
                let solution = try AssignmentSolver().solve(program)
                times.append(PlanClock.cpuSeconds - start)
                worst = max(worst, solution.gap)
                if !solution.proven { unproven += 1 }
                methods[solution.method, default: 0] += 1
            } catch {
                times.append(PlanClock.cpuSeconds - start)
                infeasible += 1
            }
        }
        times.sort()
        func milliseconds(_ share: Double) -> String {
            let index = min(times.count - 1, Int(share * Double(times.count)))
            return pad((times[index] * 1e6).rounded() / 1e3, 9)
        }
        let tally = methods.map { "\($0.key) \($0.value)" }.sorted().joined(separator: ", ")
        print(
            pad(test.name, 11), pad(test.runs, 5), milliseconds(0.5), milliseconds(0.99), milliseconds(1),
            pad((worst * 1e8).rounded() / 1e8, 10), pad(unproven, 8), pad(infeasible, 9),
            pad(PlanClock.peakMegabytes.rounded(), 9), tally)
    }

    private static func pad(_ value: Any, _ width: Int) -> String {
        let text = "\(value)"
        return text + String(repeating: " ", count: max(0, width - text.count))
    }
}

/// `Benchmarks plan picture SEED`: the exact front of a job of 8 steps and 16 models, as SVG on the standard output.
enum PlanPicture {
    static func print(_ arguments: [String]) {
        let instance = PlanInstance(steps: 8, models: 16, switching: true)
        var program = instance.program(seed: arguments.first.flatMap(UInt64.init) ?? 1)
        program.budget = nil
        program.deadline = nil
        program.minimumMeanAccuracy = nil
        guard let front = try? ParetoFront.trace(program) else { return }
        let single = (0..<program.modelCount).map { model in
            ("\(model)", AssignmentTotals(program, choice: [Int](repeating: model, count: program.stepCount)))
        }
        Swift.print(
            front.svg(
                title: "\(front.points.count) plans that no other beats; crosses: one model for all 8 steps",
                single: single), terminator: "")
    }
}
