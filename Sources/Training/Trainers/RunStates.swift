import Domain
import Estimation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Every state of recorded runs, and the directions of everything said in them.
struct RunStates: Sendable {
    private(set) var rows: [OutputPredictorTrainer.Row] = []
    /// By row: what the history looks like.
    private(set) var histories: [[Float]] = []
    /// By task, then model: the row of the run's first state; nil where there is none. The others follow.
    private(set) var first: [[Int?]] = []
    /// By task, then model, then step.
    private(set) var directions: [[[[Float]]]] = []

    /// - Parameter profile: whose embedder is used.
    init(_ tasks: RunTasks, _ profile: RunProfile) {
        for task in tasks.order.indices {
            let grams = tasks.grams[task]
            var starts: [Int?] = []
            var said: [[[Float]]] = []
            for (model, run) in tasks.runs(ofTask: task).enumerated() {
                let steps = (run?.steps ?? []).map { RunStep($0) }
                let outputs = steps.map { profile.embedder.direction($0.output) }
                starts.append(steps.isEmpty ? nil : rows.count)
                said.append(outputs)
                for taken in steps.indices {
                    let history = RunText.history(of: steps[..<taken])
                    let look = RunText.counts(of: history)
                    // The last of the text's counts is the length of its history.
                    var counts = tasks.counts[task]
                    counts[counts.count - 1] = log1p(Float(history.utf8.count))
                    let features = StepFeatures(
                        grams: grams, counts: counts, fit: [], recollection: StoredQuestion(),
                        shares: PanelShares(evenly: []), heard: [])
                    rows.append(
                        OutputPredictorTrainer.Row(
                            model: model, fold: tasks.folding[task],
                            state: profile.state(features, history: history, counts: look),
                            outputs: (0..<OutputPredictor.horizons).map {
                                taken + $0 < outputs.count ? outputs[taken + $0] : StepEmbedder.nowhere
                            }))
                    histories.append(look)
                }
            }
            first.append(starts)
            directions.append(said)
        }
    }
}
