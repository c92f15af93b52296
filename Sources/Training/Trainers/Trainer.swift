package import Estimation

/// Trains a whole set of profiles: a panel for every suite of outcomes and of runs, and the gate between them.
package struct Trainer: Sendable {
    package var seed: UInt64 = 1

    /// How a panel is trained.
    var panel = PanelTrainer()

    package init(seed: UInt64 = 1) { self.seed = seed }

    /// Fits on the rows whose split is `train`; the same rows and seed give the same bytes.
    /// - Parameter progress: is told the share of the whole that is done, and what is being done.
    /// - Throws: `EstimationError.notEnoughData`.
    package func train(
        outcomes: [OutcomeRow], traces: [TraceRow], progress: (_ share: Double, _ stage: String) -> Void = { _, _ in }
    ) throws(EstimationError) -> ProfileSet {
        var panels = try panels(outcomes, traces)
        let memory = QuestionMemory(of: panels)
        let heard = QuestionMemory.heard(by: panels.map(\.models), isOfRuns: panels.map(\.isOfRuns))
        for panel in panels.indices {
            for row in 0..<panels[panel].count {
                panels[panel].counts[row] +=
                    memory.recall(panels[panel].stems[row]).counts(heard: heard[panel]) + panels[panel].fits[row]
            }
        }
        // Time goes with texts times models, roughly.
        let efforts = panels.map { Double($0.count) * Double($0.models.count + 20) }
        let total = efforts.reduce(0, +) * 1.05
        var done = 0.0
        var profiles: [PanelProfile] = []
        let runsBySuite = Dictionary(grouping: traces.filter { $0.split == .train }, by: \.suite)
        var runProfiles: [RunProfile] = []
        let rowsBySuite = Dictionary(grouping: outcomes.filter { $0.split == .train }, by: \.suite)
        var judges: [AnswerProfile] = []
        for (data, effort) in zip(panels, efforts) {
            var trainer = panel
            trainer.seed = seed
            let trained = trainer.train(data) { share, stage in
                progress((done + share * effort) / total, "\(data.name): \(stage)")
            }
            profiles.append(trained.profile)
            let rows = rowsBySuite[data.name] ?? []
            if !data.isOfRuns,
                let judge = AnswerTrainer(seed: seed, panel: panel).train(
                    rows, data, trained,
                    progress: { _, stage in
                        progress((done + effort) / total, "\(data.name): answers, \(stage)")
                    })
            {
                judges.append(judge)
            }
            if let runs = runsBySuite[data.name], data.isOfRuns {
                runProfiles.append(
                    RunTrainer(seed: seed, panel: panel).train(name: data.name, runs: runs, start: trained) {
                        _, stage in progress((done + effort) / total, "\(data.name): \(stage)")
                    })
            }
            done += effort
        }
        progress(done / total, "gate")
        let gate = panels.count > 1 ? GateTrainer(seed: seed).train(panels) : nil
        var set = ProfileSet(panels: profiles, gate: gate, memory: memory, runs: runProfiles, answers: judges)
        set.speed = SpeedTrainer().train(outcomes)
        set.chooseSights(
            outcomes: outcomes.filter { $0.split == .validation }, traces: traces.filter { $0.split == .validation }
        ) { progress(done / total, "\($0): thresholds") }
        progress(1, "done")
        return set
    }

    private func panels(_ outcomes: [OutcomeRow], _ traces: [TraceRow]) throws(EstimationError) -> [PanelData] {
        let bySuite = Dictionary(grouping: outcomes.filter { $0.split == .train }, by: \.suite)
        let runsBySuite = Dictionary(grouping: traces.filter { $0.split == .train }, by: \.suite)
        var panels: [PanelData] = []
        for (suite, rows) in bySuite { panels.append(PanelData(name: suite, rows: rows)) }
        for (suite, runs) in runsBySuite where bySuite[suite] == nil {
            panels.append(PanelData(name: suite, runs: runs))
        }
        panels.sort { $0.name < $1.name }
        if panels.isEmpty {
            throw .notEnoughData("there is no row with \"split\": \"train\" in the data, and only such rows are fitted")
        }
        for panel in panels {
            // A task of runs is told by its steps, too.
            let least = panel.isOfRuns ? 20 : 50
            if panel.count < least {
                throw .notEnoughData(
                    "suite \(panel.name) has \(panel.count) training \(panel.isOfRuns ? "tasks" : "rows"); a panel needs at least \(least)"
                )
            }
            let allowed = panel.name.utf8.allSatisfy { byte in
                ByteKind.of(byte) == .letter && byte < 0x80 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            }
            if !allowed || panel.name.isEmpty || ["gate", "memory", "speed"].contains(panel.name) {
                throw .notEnoughData(
                    "suite \"\(panel.name)\" cannot name a profile file: use letters, digits, - and _, and none of \"gate\", \"memory\" and \"speed\""
                )
            }
        }
        return panels
    }
}
