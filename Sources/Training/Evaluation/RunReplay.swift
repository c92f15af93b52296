import Domain
import Estimation

/// Recorded runs of one suite with the predictions for every stage.
struct RunReplay: Sendable {
    var suite: String
    var models: [String]
    /// The tasks that every model of the suite ran.
    var tasks: [String]
    /// By task: its prompt.
    var prompts: [String]
    /// By task, then model.
    var runs: [[TraceRow?]]
    /// By task, then model: P(success) from the task alone.
    var start: [[Double]]
    /// By task, then model, then steps taken (0 is the start): P(success).
    var success: [[[Double]]]
    /// By task, then model: P(its run ends at least as well as the reference's).
    var similarity: [[Double]]
    /// The run profile that made the predictions, and its panel.
    var profile: RunProfile
    var panel: PanelProfile
    private let profiles: ProfileSet
    private let place: Int

    /// - Returns: nil where the profiles know no runs of these models.
    init?(suite: String, runs all: [TraceRow], profiles: ProfileSet) {
        guard let (place, profile) = profiles.runProfile(forSuite: suite, models: Set(all.map(\.model))) else {
            return nil
        }
        let panel = profiles.panels[place]
        self.suite = suite
        self.profile = profile
        self.panel = panel
        self.profiles = profiles
        self.place = place
        let grouped = RunTasks(all)
        models = profile.models
        tasks = []
        prompts = []
        runs = []
        start = []
        success = []
        similarity = []
        for task in grouped.order {
            let ofTask = grouped.runs[task] ?? []
            guard let prompt = ofTask.first?.prompt else { continue }
            let row = models.map { name in ofTask.first { $0.model == name } }
            let features = profiles.features(of: StepText(prompt: prompt))
            var words = Reading(profiles, features)
            let opening = words.run(place, profile, history: "")
            let begin = opening.start
            tasks.append(task)
            prompts.append(prompt)
            runs.append(row)
            start.append(begin.map(Double.init))
            similarity.append((opening.similarities ?? begin).map(Double.init))
            success.append(
                row.enumerated().map { model, run in
                    let steps = (run?.steps ?? []).map { RunStep($0) }
                    return (0...steps.count).map { taken in
                        profile.success(
                            Array(steps[..<taken]), isOver: taken == steps.count, model: model, start: begin,
                            baseRates: panel.baseRates)
                    }
                })
        }
    }

    /// The reading of the step that follows some steps of a task's run.
    func reading(task: Int, after steps: ArraySlice<RunStep>) -> RunReading {
        let history = RunText.history(of: steps)
        let features = profiles.features(of: StepText(prompt: prompts[task], history: history))
        var words = Reading(profiles, features)
        return words.run(place, profile, history: history)
    }

    /// P(success) after at most `taken` steps, or after the whole run where it was shorter.
    func success(task: Int, model: Int, after taken: Int) -> Double {
        let known = success[task][model]
        return known[min(taken, known.count - 1)]
    }
}

extension ProfileSet {
    /// The run profile for a suite: the one with its name, else the one that knows most of its models.
    func runProfile(forSuite suite: String, models: Set<String>) -> (panel: Int, profile: RunProfile)? {
        let ranked = runs.map { panel, profile in
            (
                panel: panel, profile: profile,
                rank: (profile.name == suite ? 1000 : 0) + models.intersection(profile.models).count
            )
        }
        guard let best = ranked.max(by: { ($0.rank, $1.panel) < ($1.rank, $0.panel) }), best.rank > 0 else {
            return nil
        }
        return (best.panel, best.profile)
    }
}
