import Optimization
import Training

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
