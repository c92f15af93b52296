package import Domain
import Foundation

/// An immutable set of trained profiles that predicts in microseconds.
///
/// Models that answered the same queries were trained together as a panel. A model measured in several panels gets one
/// prediction, mixed by the panels' shares of the text (the gate reads the text alone). Where the text resembles none
/// of the model's panels, the prediction is drawn towards the model's mean.
package struct ProfileSet: Sendable {
    package let panels: [PanelProfile]
    let gate: Gate?
    let memory: QuestionMemory
    /// Run profiles, by the panel of their tasks.
    package var runs: [Int: RunProfile]
    /// Verifiers of answers, by the panel of their questions.
    package var answers: [Int: AnswerProfile]
    /// Panels whose judge cannot be asked: it is of another version of hera, or of the panel.
    package private(set) var unfitJudges: Set<String> = []
    /// Recorded answer speeds.
    package var speed = SpeedProfile()
    /// Prices of lost quality, by kind of request.
    package var dial = DialProfile()
    /// Profiles from the probe suite.
    var live: [LiveProfile] = []
    /// How answers follow published scores; nil without `ability.profile`.
    package let ability: AbilityProfile?
    /// The prediction for texts unlike those with recorded answers; nil without `general.profile`.
    package let general: GeneralAbility?
    /// Places models by published scores; nil without `ability.profile`.
    package let standings: StandingMaker?
    /// The standings of models with answers; nil without `ability.profile`.
    private let measuredStandings: MeasuredStandings?
    /// By panel: whether its outcomes are those of whole runs.
    let isOfRuns: [Bool]
    /// By panel: the panels whose memory it may read.
    private let readable: [[Bool]]
    /// By panel: the mean number of calls per outcome, 1 for an answer.
    let meanSteps: [Float]
    private let places: [String: [Place]]

    /// The panel and the column of a model.
    struct Place: Sendable {
        let panel: Int
        let model: Int
    }

    package init(
        panels: [PanelProfile], gate: Gate?, memory: QuestionMemory = QuestionMemory(), runs: [RunProfile] = [],
        answers: [AnswerProfile] = [], ability: AbilityProfile? = nil, general: GeneralAbility? = nil
    ) {
        self.panels = panels
        self.ability = ability
        self.general = general
        self.gate = gate?.panels == panels.map(\.name) ? gate : nil
        self.memory = memory.panels == panels.map(\.name) ? memory : QuestionMemory()
        var byPanel: [Int: RunProfile] = [:]
        for profile in runs {
            if let panel = panels.firstIndex(where: { $0.name == profile.name && $0.models == profile.models }) {
                byPanel[panel] = profile
            }
        }
        self.runs = byPanel
        isOfRuns = panels.indices.map { byPanel[$0] != nil }
        meanSteps = panels.indices.map { byPanel[$0]?.meanSteps(panels[$0]) ?? 1 }
        readable = QuestionMemory.readable(by: panels.map(\.models), isOfRuns: isOfRuns)
        var verifiers: [Int: AnswerProfile] = [:]
        for profile in answers {
            if let panel = panels.firstIndex(where: { $0.name == profile.name && profile.fits($0) }) {
                verifiers[panel] = profile
            } else {
                unfitJudges.insert(profile.name)
            }
        }
        self.answers = verifiers
        var places: [String: [Place]] = [:]
        for (panel, profile) in panels.enumerated() {
            for (model, name) in (profile.models + profile.derived.map(\.name)).enumerated() {
                places[ModelName.canonical(name), default: []].append(Place(panel: panel, model: model))
            }
        }
        self.places = places
        if let ability {
            let isOfRuns = isOfRuns
            let maker = StandingMaker(ability, panels: panels, isOfRuns: isOfRuns)
            let baseRates = places.mapValues { places in
                let rates = places.filter { !isOfRuns[$0.panel] }
                    .map { ($0.panel, Double(panels[$0.panel].baseRate($0.model))) }
                return Dictionary(rates) { first, _ in first }
            }
            standings = maker
            measuredStandings = MeasuredStandings(maker, ability, baseRates: baseRates)
        } else {
            standings = nil
            measuredStandings = nil
        }
    }

    /// The standing of a model with answers, under any spelling of its name.
    package func standing(of model: ModelID) -> ModelStanding? {
        measuredStandings?.standing(of: ModelName.canonical(model.rawValue))
    }

    /// A maker of standings that uses nothing of some models.
    package func standings(leavingOut absent: Set<String>) -> StandingMaker? {
        ability.map { StandingMaker($0, panels: panels, isOfRuns: isOfRuns, leavingOut: absent) }
    }

    /// Loads all `*.profile` files of a folder.
    /// - Throws: `EstimationError.unreadable`, `.noProfiles`, `.damagedProfile`, `.foreignVersion`.
    package static func load(directory: String) throws(EstimationError) -> ProfileSet {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            throw .unreadable(path: directory, reason: "there is no such folder, or it cannot be opened")
        }
        var panels: [PanelProfile] = []
        var gate: Gate?
        var memory = QuestionMemory()
        var runs: [RunProfile] = []
        var answers: [AnswerProfile] = []
        var derived: [DerivedModel] = []
        var speed = SpeedProfile()
        var dial = DialProfile()
        var live: [LiveProfile] = []
        var ability: AbilityProfile?
        var general: GeneralAbility?
        var unfitJudges: Set<String> = []
        let suffix = "." + ProfileFile.fileExtension
        // Evaluations of episodes read their file themselves.
        for name in names.sorted() where name.hasSuffix(suffix) && name != EpisodeProfile.fileName {
            let path = directory + "/" + name
            do throws(EstimationError) {
                try ProfileFile.decode(try DataFile.read(path), path: path) {
                    (kind, reader) throws(ByteReader.Failure) in
                    switch kind {
                    case .panel: panels.append(try PanelProfile(&reader))
                    case .gate: gate = try Gate(&reader)
                    case .memory: memory = try QuestionMemory(&reader)
                    case .derived: derived.append(try DerivedModel(&reader))
                    case .answers: answers.append(try AnswerProfile(&reader))
                    case .runs: runs.append(try RunProfile(&reader))
                    case .speed: speed = try SpeedProfile(&reader)
                    case .live: live.append(try LiveProfile(&reader))
                    case .dial: dial = try DialProfile(&reader)
                    case .ability: ability = try AbilityProfile(&reader)
                    case .general: general = try GeneralAbility(&reader)
                    case .episodes: throw ByteReader.Failure(reason: "episodes belong in \(EpisodeProfile.fileName)")
                    }
                }
            } catch {
                // Without its judge, a panel still predicts.
                guard case .foreignVersion = error, name.hasSuffix(Self.judgeSuffix) else { throw error }
                unfitJudges.insert(String(name.dropLast(Self.judgeSuffix.count)))
            }
        }
        panels.sort { $0.name < $1.name }
        if panels.isEmpty { throw .noProfiles(directory: directory) }
        for model in derived {
            guard let panel = panels.firstIndex(where: { $0.name == model.panel }),
                model.weights.count == panels[panel].models.count + 1
            else { continue }
            panels[panel].derived.append(model)
        }
        var set = ProfileSet(
            panels: panels, gate: gate, memory: memory, runs: runs, answers: answers, ability: ability, general: general
        )
        set.unfitJudges.formUnion(unfitJudges)
        set.speed = speed
        set.dial = dial
        return live.reduce(set) { $0.adding($1) }
    }

    /// End of the names of judges' files.
    private static let judgeSuffix = "-answers.profile"

    /// Writes one file per panel and one for the gate. Creates the folder where it is missing.
    /// - Throws: `EstimationError.unwritable`.
    package func write(to directory: String) throws(EstimationError) {
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        } catch {
            throw .unwritable(path: directory, reason: error.localizedDescription)
        }
        for panel in panels {
            try ProfileFile.write(
                ProfileFile.encode(.panel, panel.encoded()), to: "\(directory)/\(panel.name).profile")
        }
        for (_, profile) in answers {
            try ProfileFile.write(
                ProfileFile.encode(.answers, profile.encoded()), to: "\(directory)/\(profile.name)\(Self.judgeSuffix)")
        }
        for (_, profile) in runs {
            try ProfileFile.write(
                ProfileFile.encode(.runs, profile.encoded()), to: "\(directory)/\(profile.name)-runs.profile")
        }
        for model in panels.flatMap(\.derived) where !model.isLive {
            try ProfileFile.write(
                ProfileFile.encode(.derived, model.encoded()),
                to: "\(directory)/model-\(LiveProfile.fileName(of: model.name)).profile")
        }
        for profile in live { _ = try Self.write(profile, to: directory) }
        if !memory.entries.isEmpty {
            try ProfileFile.write(
                ProfileFile.encode(.memory, memory.encoded()), to: "\(directory)/memory.profile")
        }
        if !speed.models.isEmpty {
            try ProfileFile.write(ProfileFile.encode(.speed, speed.encoded()), to: "\(directory)/speed.profile")
        }
        if !dial.kinds.isEmpty { try dial.write(to: directory) }
        if let ability {
            try ProfileFile.write(ProfileFile.encode(.ability, ability.encoded()), to: "\(directory)/ability.profile")
        }
        if let general {
            try ProfileFile.write(ProfileFile.encode(.general, general.encoded()), to: "\(directory)/general.profile")
        }
        if let gate {
            try ProfileFile.write(ProfileFile.encode(.gate, gate.encoded()), to: "\(directory)/gate.profile")
        }
    }

    /// The set with one more derived model, which replaces an earlier one of its name.
    package func adding(_ model: DerivedModel) -> ProfileSet {
        var panels = panels
        for panel in panels.indices {
            let isHere = panels[panel].name == model.panel
            panels[panel].derived.removeAll { $0.name == model.name && (isHere || $0.isLive) }
            if isHere { panels[panel].derived.append(model) }
        }
        var set = rebuilt(with: panels)
        set.live.removeAll { $0.name == model.name }
        return set
    }

    /// The set with another gate, and other predictions by published scores.
    package func replacing(gate: Gate?, ability: AbilityProfile?, general: GeneralAbility?) -> ProfileSet {
        rebuilt(panels: panels, gate: gate, ability: ability, general: general)
    }

    /// The set with other derived models in its panels.
    func rebuilt(with panels: [PanelProfile]) -> ProfileSet {
        rebuilt(panels: panels, gate: gate, ability: ability, general: general)
    }

    private func rebuilt(
        panels: [PanelProfile], gate: Gate?, ability: AbilityProfile?, general: GeneralAbility?
    ) -> ProfileSet {
        var set = ProfileSet(
            panels: panels, gate: gate, memory: memory, runs: Array(runs.values), answers: Array(answers.values),
            ability: ability, general: general)
        set.unfitJudges = unfitJudges
        set.speed = speed
        set.dial = dial
        set.live = live
        return set
    }

    /// All models that have a profile, under the names of their data.
    package var profiledModels: [ModelID] {
        Set(panels.flatMap { $0.models + $0.derived.map(\.name) }).map { ModelID($0) }.sorted()
    }

    /// Whether a model has a profile under any spelling of its name.
    package func hasProfile(_ model: ModelID) -> Bool { places[ModelName.canonical(model.rawValue)] != nil }

    func places(of model: ModelID) -> [Place] { places[ModelName.canonical(model.rawValue)] ?? [] }

    /// Reads a text once; the result serves all predictions for that step.
    package func features(of text: StepText) -> StepFeatures {
        let text = text.abridged.withoutCourtesy
        let grams = NGrams(of: text.estimatedTexts)
        let (counts, fit) = SurfaceCounts.reading(of: text)
        var features = StepFeatures(
            grams: grams, counts: counts, fit: fit,
            recollection: memory.recall(QuestionStem.hash(text.prompt)),
            shares: gate.map { PanelShares(scores: $0.scores(grams), isOfRuns: isOfRuns) }
                ?? PanelShares(evenly: isOfRuns),
            readable: readable)
        features.isStepOfRun = text.tools != nil && !text.history.isEmpty
        return features
    }
}
