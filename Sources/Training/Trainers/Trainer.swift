package import Domain
package import Estimation

/// What is known beside recorded answers of the panels' models.
package struct GeneralMaterial: Sendable {
    /// Published scores of the panels' models and others.
    package var book: ScoreBook
    /// Prompts with judged difficulties.
    package var prompts: [AuthoredPrompt]
    /// Recorded answers that give levels of difficulty only, and no panel.
    package var levels: [OutcomeRow]

    package init(book: ScoreBook = ScoreBook(), prompts: [AuthoredPrompt] = [], levels: [OutcomeRow] = []) {
        self.book = book
        self.prompts = prompts
        self.levels = levels
    }
}

/// Trains a set of profiles: a panel for every suite of outcomes and of runs, and the gate between them.
package struct Trainer: Sendable {
    package var seed: UInt64 = 1

    /// Names of other profile files.
    private static let reserved = ["ability", "dial", "episodes", "gate", "general", "memory", "speed"]

    /// Settings of the panels' training.
    var panel = PanelTrainer()
    /// Settings of the training of difficulty.
    var difficulty = GeneralTrainer()

    package init(seed: UInt64 = 1) { self.seed = seed }

    /// Fits on the rows of split `train`. The same rows, scores, prompts and seed give the same bytes.
    /// - Parameters:
    ///   - general: material for models without answers and for texts unlike all rows.
    ///   - report: receives the figures of the difficulty of prompts.
    ///   - progress: receives the completed share and the current stage.
    /// - Throws: `EstimationError.notEnoughData`.
    package func train(
        outcomes: [OutcomeRow], traces: [TraceRow], general: GeneralMaterial = GeneralMaterial(),
        report: (DifficultyFigures) -> Void = { _ in },
        progress: (_ share: Double, _ stage: String) -> Void = { _, _ in }
    ) throws(EstimationError) -> ProfileSet {
        let (panels, memory) = try prepared(outcomes, traces)
        // Training time is roughly proportional to texts times models.
        let efforts = panels.map { Double($0.count) * Double($0.models.count + 20) }
        let total = efforts.reduce(0, +) * 1.05
        var done = 0.0
        var profiles: [PanelProfile] = []
        let runsBySuite = Dictionary(grouping: traces.filter { $0.split == .train }, by: \.suite)
        var runProfiles: [RunProfile] = []
        let rowsBySuite = Dictionary(grouping: outcomes.filter { $0.split == .train }, by: \.suite)
        var verifiers: [AnswerProfile] = []
        for (data, effort) in zip(panels, efforts) {
            var trainer = panel
            trainer.seed = seed
            let trained = trainer.train(data) { share, stage in
                progress((done + share * effort) / total, "\(data.name): \(stage)")
            }
            profiles.append(trained.profile)
            let rows = rowsBySuite[data.name] ?? []
            if !data.isOfRuns,
                let verifier = AnswerTrainer(seed: seed, panel: panel).train(
                    rows, data, trained,
                    progress: { _, stage in
                        progress((done + effort) / total, "\(data.name): answers, \(stage)")
                    })
            {
                verifiers.append(verifier)
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
        let fitted = fit(general, panels, profiles, outcomes, report)
        var set = ProfileSet(
            panels: profiles, gate: gate(panels, general), memory: memory, runs: runProfiles, answers: verifiers,
            ability: fitted.ability, general: fitted.general)
        set.speed = SpeedTrainer().train(outcomes)
        set.chooseDetectionRates(
            outcomes: outcomes.filter { $0.split == .validation }, traces: traces.filter { $0.split == .validation }
        ) { progress(done / total, "\($0): thresholds") }
        set.dial = DialTrainer().fit(set, outcomes: outcomes) { progress(done / total, "\($0): dial") }
        progress(1, "done")
        return set
    }

    /// Fits the gate, the general ability and the abilities of panels anew, and keeps the panels of a set.
    ///
    /// With the rows that the set was trained on, the result is that of training everything, but for the dial: it stays
    /// as it was fitted before.
    /// - Throws: `EstimationError.notEnoughData`, also where the rows are of other panels.
    package func refit(
        _ known: ProfileSet, outcomes: [OutcomeRow], traces: [TraceRow], general: GeneralMaterial,
        report: (DifficultyFigures) -> Void = { _ in }
    ) throws(EstimationError) -> ProfileSet {
        let (panels, _) = try prepared(outcomes, traces)
        guard panels.map(\.name) == known.panels.map(\.name), panels.map(\.models) == known.panels.map(\.models) else {
            throw .notEnoughData(
                "the rows have the suites \(panels.map(\.name).joined(separator: ", ")) and the profiles "
                    + known.panels.map(\.name).joined(separator: ", ")
                    + ": to keep the panels, give all files that they were trained on")
        }
        let fitted = fit(general, panels, known.panels, outcomes, report)
        return known.replacing(gate: gate(panels, general), ability: fitted.ability, general: fitted.general)
    }

    /// The panels' data with counts of the memory and of the tools' fit, and that memory.
    private func prepared(
        _ outcomes: [OutcomeRow], _ traces: [TraceRow]
    ) throws(EstimationError) -> (panels: [PanelData], memory: QuestionMemory) {
        var panels = try panels(outcomes, traces)
        let memory = QuestionMemory(of: panels)
        let readable = QuestionMemory.readable(by: panels.map(\.models), isOfRuns: panels.map(\.isOfRuns))
        for panel in panels.indices {
            for row in 0..<panels[panel].count {
                panels[panel].counts[row] +=
                    memory.recall(panels[panel].stems[row]).counts(readable: readable[panel]) + panels[panel].fits[row]
            }
        }
        return (panels, memory)
    }

    private func gate(_ panels: [PanelData], _ general: GeneralMaterial) -> Gate? {
        guard panels.count > 1 || !general.prompts.isEmpty else { return nil }
        return GateTrainer(seed: seed).train(
            panels, foreign: general.prompts.map { NGrams(of: $0.text.estimatedTexts) })
    }

    /// The abilities of the panels, and the difficulty of texts; nil without published scores and prompts.
    private func fit(
        _ material: GeneralMaterial, _ panels: [PanelData], _ profiles: [PanelProfile], _ outcomes: [OutcomeRow],
        _ report: (DifficultyFigures) -> Void
    ) -> (ability: AbilityProfile?, general: GeneralAbility?) {
        guard !material.book.records.isEmpty else { return (nil, nil) }
        let ability = AbilityTrainer().train(
            material.book, Array(zip(profiles, panels)).map { (profile: $0, data: $1) })
        guard !material.prompts.isEmpty else { return (ability, nil) }
        let answered = profiles.indices.filter { !panels[$0].isOfRuns }
        let set = ProfileSet(panels: answered.map { profiles[$0] }, gate: nil, ability: ability)
        let rows = (outcomes + material.levels).filter { $0.split == .train }
        let levels = Dictionary(grouping: rows, by: \.suite).sorted { $0.key < $1.key }.flatMap { suite, rows in
            let models = Set(rows.flatMap { $0.outcomes.keys })
            return LevelRow.rows(
                Self.spread(rows, most: Self.mostLevelRows), abilities: set.abilities(of: models, in: material.book),
                ceiling: material.book.panels[suite]?.ceiling ?? 0.985)
        }
        var trainer = difficulty
        trainer.seed = seed
        let trained = trainer.train(material.prompts, levels: levels)
        report(DifficultyFigures(trained, material.prompts))
        return (ability, trained.general)
    }

    /// Most rows of a suite for the difficulty of texts.
    private static let mostLevelRows = 1200

    /// At most so many rows, evenly over all of them.
    private static func spread(_ rows: [OutcomeRow], most: Int) -> [OutcomeRow] {
        rows.count <= most ? rows : (0..<most).map { rows[$0 * rows.count / most] }
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
            // Steps of a run add information to its task.
            let least = panel.isOfRuns ? 20 : 50
            if panel.count < least {
                throw .notEnoughData(
                    "suite \(panel.name) has \(panel.count) training \(panel.isOfRuns ? "tasks" : "rows"); a panel needs at least \(least)"
                )
            }
            let allowed = panel.name.utf8.allSatisfy { byte in
                ByteKind.of(byte) == .letter && byte < 0x80 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            }
            if !allowed || panel.name.isEmpty || Self.reserved.contains(panel.name) {
                throw .notEnoughData(
                    "suite \"\(panel.name)\" cannot name a profile file: use letters, digits, - and _, and none of \(Self.reserved.joined(separator: ", "))"
                )
            }
        }
        return panels
    }
}

extension ProfileSet {
    /// The blend of a derived model, as text.
    package func describe(_ model: String) -> String {
        for panel in panels {
            guard let derived = panel.derived.first(where: { $0.name == model }) else { continue }
            let shares = zip(panel.models, derived.weights).sorted { abs($0.1) > abs($1.1) }.prefix(4)
                .map { "\(TextTable.fixed(Double($0.1), 2)) \($0.0)" }.joined(separator: ", ")
            return """
                \(model): expected \(TextTable.fixed(Double(derived.baseRate) * 100, 1)) % on questions like \
                \(panel.name)'s, from \(derived.probes) answers; most like \(panel.models[derived.like]); \
                blend of log-odds: \(shares)
                """
        }
        return "\(model) is not derived"
    }
}

extension ProfileSet {
    /// Candidate values of `detectionRate`.
    private static let detectionRates: [Double] = [0.3, 0.5, 0.7, 0.85, 0.95]
    /// With fewer validation rows than this, the default is kept.
    private static let leastRows = 50

    /// Chooses the detection rates of cascade and restarts with the best curve on validation rows.
    ///
    /// No estimator was fitted on these rows.
    mutating func chooseDetectionRates(outcomes: [OutcomeRow], traces: [TraceRow], progress: (_ suite: String) -> Void)
    {
        for (place, verifier) in answers {
            let rows = outcomes.filter { $0.suite == verifier.name }
            if rows.count < Self.leastRows { continue }
            progress(verifier.name)
            let replay = Replay(suite: verifier.name, rows: rows, profiles: self)
            let singles = SingleModels(replay)
            guard var cascade = CascadeReplay(replay, profiles: self) else { continue }
            let scores = Self.detectionRates.map { detectionRate in
                cascade.curve(detectionRate: detectionRate, settings: 60).aiq(
                    from: singles.cheapestPoint, to: singles.bestPoint)
            }
            answers[place]?.detectionRate = Float(Self.detectionRates[Self.best(scores)])
        }
        for (place, profile) in runs {
            let rows = traces.filter { $0.suite == profile.name }
            progress(profile.name)
            guard let replay = RunReplay(suite: profile.name, runs: rows, profiles: self),
                replay.tasks.count >= Self.leastRows
            else { continue }
            let scores = Self.detectionRates.map { detectionRate in
                let figures = RestartFigures(replay, detectionRate: detectionRate, settings: 60)
                return figures.curve.aiq(
                    from: figures.curve.points.first ?? figures.bestSingle, to: figures.bestSingle)
            }
            runs[place]?.detectionRate = Float(Self.detectionRates[Self.best(scores)])
        }
    }

    /// The index of the greatest score, the middle one of a tie.
    private static func best(_ scores: [Double]) -> Int {
        let greatest = scores.max() ?? 0
        let equal = scores.indices.filter { scores[$0] == greatest }
        return equal[equal.count / 2]
    }
}

extension ProfileSet {
    /// The trained profiles as a table.
    package var summary: String {
        var rows = [["panel", "model", "rows", "base rate %", "kB of panel"]]
        for panel in panels {
            for (index, model) in panel.models.enumerated() {
                rows.append([
                    index == 0 ? panel.name : "", model, "\(panel.counts[index])",
                    TextTable.fixed(Double(panel.baseRates[index]) * 100, 1),
                    index == 0 ? "\(panel.encoded().count / 1000)" : "",
                ])
            }
        }
        return TextTable(rows).text
    }
}

/// Fits a `SpeedProfile` on the training rows that hold latencies.
struct SpeedTrainer {
    /// The least number of rows per model.
    static let leastRows = 30
    /// The slowest share of a model's calls is dropped: retries and outages do not describe its speed.
    static let outliers = 0.05

    func train(_ rows: [OutcomeRow]) -> SpeedProfile {
        var calls: [String: [(tokens: Double, seconds: Double)]] = [:]
        for row in rows where row.split == .train {
            for (model, outcome) in row.outcomes {
                guard let tokens = outcome.outputTokens, let seconds = outcome.seconds, seconds > 0 else { continue }
                calls[model, default: []].append((tokens, seconds))
            }
        }
        let enough = calls.filter { $0.value.count >= Self.leastRows }.sorted { $0.key < $1.key }
        return SpeedProfile(models: enough.map(\.key), speeds: enough.map { Self.fit($0.value) })
    }

    /// Least squares of seconds over tokens, both terms at least 0. A negative slope gives the mean alone.
    static func fit(_ calls: [(tokens: Double, seconds: Double)]) -> AnswerSpeed {
        let kept = calls.sorted { ($0.seconds, $0.tokens) < ($1.seconds, $1.tokens) }
            .prefix(max(1, Int(Double(calls.count) * (1 - outliers))))
        let count = Double(kept.count)
        let tokens = kept.reduce(0) { $0 + $1.tokens } / count
        let seconds = kept.reduce(0) { $0 + $1.seconds } / count
        let spread = kept.reduce(0) { $0 + ($1.tokens - tokens) * ($1.tokens - tokens) }
        let common = kept.reduce(0) { $0 + ($1.tokens - tokens) * ($1.seconds - seconds) }
        let slope = spread > 0 ? max(0, common / spread) : 0
        let first = seconds - slope * tokens
        guard first >= 0 else { return AnswerSpeed(firstTokenSeconds: 0, secondsPerToken: seconds / max(tokens, 1)) }
        return AnswerSpeed(firstTokenSeconds: first, secondsPerToken: slope)
    }
}
