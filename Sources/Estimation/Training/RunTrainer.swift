import Core

/// Trains what is known of whole runs: progress, similarity to the reference, distances, remaining cost.
struct RunTrainer: Sendable {
    var seed: UInt64 = 1
    /// Settings for all three estimators; they have more rows and fewer words than a panel.
    var panel = PanelTrainer()

    /// - Parameter start: the panel trained on the same runs' tasks, in the order of `PanelData(name:runs:)`.
    func train(
        name: String, runs: [TraceRow], start: TrainedPanel, progress: PanelTrainer.Progress = { _, _ in }
    ) -> RunProfile {
        let tasks = Tasks(runs)
        let models = start.profile.models
        let reference =
            models.indices.max {
                (start.profile.baseRates[$0], $1) < (start.profile.baseRates[$1], $0)
            } ?? 0
        var trainer = panel
        trainer.seed = seed &+ 100
        trainer.vocabularyLimit = 12_000
        trainer.directions = 16
        progress(0, "progress")
        // Tens of thousands of rows and one probability carry larger trees than a panel's.
        var larger = trainer
        larger.grower.rounds *= 2
        larger.grower.depth += 1
        let underWay = larger.train(progressData(name, tasks, start)) { share, stage in
            progress(share * 0.6, "progress, " + stage)
        }.profile
        let similarity = trainer.train(similarityData(name, tasks, start, reference)) { share, stage in
            progress(0.6 + share * 0.1, "similarity, " + stage)
        }.profile
        var remaining = [Float](repeating: 0, count: models.count * RunProfile.horizon)
        fillRemaining(&remaining, runs, models)
        var profile = RunProfile(
            name: name, models: models, reference: reference, progress: underWay, similarity: similarity,
            distance: nil, remainingUSD: remaining)
        let distances = distanceData(name, tasks, start, profile)
        if distances.count >= 50 {
            profile.distance =
                trainer.train(distances) { share, stage in
                    progress(0.7 + share * 0.3, "distance, " + stage)
                }.profile
        }
        return profile
    }

    /// The runs by task, in the order in which tasks first appear.
    struct Tasks {
        var order: [String] = []
        var runs: [String: [TraceRow]] = [:]

        init(_ all: [TraceRow]) {
            for run in all {
                if runs[run.taskID] == nil { order.append(run.taskID) }
                runs[run.taskID, default: []].append(run)
            }
        }
    }

    private func progressData(_ name: String, _ tasks: Tasks, _ start: TrainedPanel) -> PanelData {
        var texts: [NGrams] = []
        var counts: [[Float]] = []
        var groups: [Int] = []
        var scores: [Double] = []
        for (group, task) in tasks.order.enumerated() {
            let honest = start.honest.row(group)
            for run in tasks.runs[task] ?? [] {
                guard let model = start.profile.models.firstIndex(of: run.model) else { continue }
                let steps = run.steps.map { RunStep($0) }
                for taken in stride(from: 1, through: steps.count, by: 1) {
                    let seen = Array(steps[..<taken])
                    texts.append(NGrams(of: RunCounts.texts(of: seen)))
                    counts.append(
                        RunProfile.progressCounts(
                            seen, isOver: taken == steps.count, model: model, start: honest,
                            baseRates: start.profile.baseRates))
                    groups.append(group)
                    scores.append(run.success)
                }
            }
        }
        var data = PanelData(name: name, models: ["run"], texts: texts, counts: counts, groups: groups)
        for (row, score) in scores.enumerated() { data.targets.set(row, 0, score) }
        return data
    }

    private func similarityData(_ name: String, _ tasks: Tasks, _ start: TrainedPanel, _ reference: Int) -> PanelData {
        let models = start.profile.models
        let texts = tasks.order.map { StepText(prompt: tasks.runs[$0]?.first?.prompt ?? "") }
        let counts = texts.indices.map { row in
            SurfaceCounts.vector(of: texts[row]) + start.honest.row(row).map { Float(logit(Double($0))) }
        }
        var data = PanelData(
            name: name, models: models, texts: texts.map { NGrams(of: $0.estimatedTexts) }, counts: counts)
        for (row, task) in tasks.order.enumerated() {
            let runs = tasks.runs[task] ?? []
            guard let best = runs.first(where: { $0.model == models[reference] }) else { continue }
            for run in runs {
                guard let model = models.firstIndex(of: run.model) else { continue }
                data.targets.set(row, model, run.success >= best.success ? 1 : 0)
            }
        }
        return data
    }

    private func distanceData(_ name: String, _ tasks: Tasks, _ start: TrainedPanel, _ profile: RunProfile) -> PanelData
    {
        let models = start.profile.models
        var texts: [NGrams] = []
        var counts: [[Float]] = []
        var groups: [Int] = []
        var labels: [Int] = []
        for (group, task) in tasks.order.enumerated() {
            let runs = tasks.runs[task] ?? []
            guard let best = runs.first(where: { $0.model == models[profile.reference] }) else { continue }
            let honest = start.honest.row(group)
            let steps = best.steps.map { RunStep($0) }
            let embedded = steps.map { profile.embedding(of: $0) }
            for run in runs where run.model != best.model {
                guard let model = models.firstIndex(of: run.model) else { continue }
                let classes = StepDistance.classes(
                    reference: embedded, other: run.steps.map { profile.embedding(of: RunStep($0)) })
                for (place, label) in classes.enumerated() {
                    texts.append(NGrams(of: [steps[place].output]))
                    counts.append(
                        RunProfile.distanceCounts(
                            steps[place], position: place + 1, model: model, reference: profile.reference,
                            start: honest, baseRates: start.profile.baseRates))
                    groups.append(group)
                    labels.append(label)
                }
            }
        }
        var data = PanelData(
            name: name, models: ["0", "1", "2+", "never"], texts: texts, counts: counts, groups: groups)
        for (row, label) in labels.enumerated() {
            for place in 0..<StepDistance.classes { data.targets.set(row, place, place == label ? 1 : 0) }
        }
        return data
    }

    private func fillRemaining(_ remaining: inout [Float], _ runs: [TraceRow], _ models: [String]) {
        for (model, name) in models.enumerated() {
            var last: Float = 0
            for taken in 0..<RunProfile.horizon {
                var sum = 0.0
                var count = 0.0
                for run in runs where run.model == name && run.steps.count > taken {
                    sum += run.steps[taken...].reduce(0) { $0 + $1.costUSD }
                    count += 1
                }
                if count > 0 { last = Float(sum / count) }
                remaining[model * RunProfile.horizon + taken] = last
            }
        }
    }
}
