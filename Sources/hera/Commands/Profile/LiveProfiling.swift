import ArgumentParser
import Calls
import Catalog
import Domain
import Estimation
import Foundation
import JSON
import Ledger
import Routing
import ServiceLifecycle
import Steps
import Synchronization
import Training
import UnixSignals
import Upstream

/// `hera profile --live`: composes the services, runs the probes, and writes the profile.
struct LiveProfiling {
    let command: ProfileCommand

    func run() async throws {
        let model = try ProbedModel(command: command, catalog: try Installation.catalog(command.installation))
        let bar = ProgressBar()
        bar.show(0, "loading profiles and probes")
        defer { bar.clear() }
        let folder = command.installation.profilesFolder
        let out = command.out ?? folder
        let prober = LiveProber(try ProfileSet.load(directory: folder))
        let suite = try ProbeSuite.load(command.probeRun.suite ?? folder + "/probes")
        let trial = command.probeRun.allowCode ? CodeTrial() : nil
        if command.probeRun.allowCode, trial == nil {
            throw Exit(69, "--allow-code needs python3 in the PATH, and there is none")
        }
        let items = try prober.choose(
            command.probes, of: suite.gradable(allowingCode: trial != nil), seed: command.seed)
        let logger = Installation.logger()
        let record = try command.publishedRecord() ?? model.catalog[model.id]?.published
        let name = try model.profileName(command.probeRun.name, known: prober)
        do {
            try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
        } catch {
            throw Exit(73, "cannot make \(out): \(error.localizedDescription)")
        }
        let settings = try Installation.settings(command.installation)
        let upstream = UpstreamClient(configuration: Installation.upstream(settings), logger: logger)
        let stepService = StepService(
            catalog: model.catalog, estimator: PriorEstimator(),
            ledger: try Installation.ledger(command.database, config: command.installation.config),
            upstream: upstream, settings: settings,
            keys: try Installation.apiKeys(config: command.installation.config),
            logger: logger)
        let health = HealthProber(
            registry: stepService.registry, upstream: upstream,
            keys: try Installation.apiKeys(config: command.installation.config), logger: logger)
        let probeRun = ProbeRun(
            stepService: stepService, prober: health, model: model.id, items: items, trial: trial,
            file: ProbeAnswerFile(of: name, in: out), budget: try budget(), maxTokens: command.probeRun.maxTokens)
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: upstream), .init(service: stepService.pool),
                    .init(service: probeRun, successTerminationBehavior: .gracefullyShutdownGroup),
                ], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
        await stepService.ledger.close()
        bar.clear()
        let answers = try probeRun.answers()
        var profile = prober.profile(name, answers.map(\.graded), record: record)
        let speed = ProbeSpeed(answers.map(\.answer))
        profile.prefillTokensPerSecond = speed.prefillTokensPerSecond
        profile.decodeTokensPerSecond = speed.decodeTokensPerSecond
        profile.firstTokenSeconds = speed.firstTokenSeconds
        let path = try ProfileSet.write(profile, to: out)
        print(ProfileReport(profile: profile, answers: answers.map(\.answer), prober: prober, path: path).text(model))
    }

    private func budget() throws -> Money? {
        guard let text = command.probeRun.budget else { return nil }
        do {
            let money = try Money(usd: text)
            guard money >= .zero else { throw Exit(64, "--budget must not be negative") }
            return money
        } catch let error as MoneyError {
            throw Exit(64, "--budget \(text): \(error)")
        }
    }
}

/// The probed model and its catalog.
struct ProbedModel {
    let id: ModelID
    let catalog: ModelCatalog
    /// Whether the operator's own catalog contains it.
    let isListed: Bool

    /// - Throws: `Exit` for an unknown model, or a server that is not on this machine.
    init(command: ProfileCommand, catalog: ModelCatalog) throws {
        guard let server = command.probeRun.server else {
            guard let model = catalog[ModelID(command.model)] else {
                let names = catalog.models.map(\.id.rawValue)
                let hint = Spelling.closest(to: command.model, among: names).map { "did you mean '\($0)'? " } ?? ""
                throw Exit(
                    64,
                    "no model of the catalog is named '\(command.model)'; \(hint)`hera catalog list` shows them, and "
                        + "--server URL asks a server on this machine that is in no catalog")
            }
            id = model.id
            self.catalog = catalog
            isListed = true
            return
        }
        // Calls to other servers might be billed at an unknown price.
        guard let host = URL(string: server)?.host, ["localhost", "::1"].contains(host) || host.hasPrefix("127.") else {
            throw Exit(
                64,
                "--server \(server): must be a URL of this machine; put other servers and their prices into the catalog"
            )
        }
        let day = Timestamp.now().day
        let free = Price(
            tiers: [.standard: Rates([.input: .zero, .output: .zero])],
            source: "no fee, a server on the operator's hardware", asOf: day)
        let model = Model(
            id: ModelID("server/\(command.model)"), provider: "local",
            endpoint: Endpoint(baseURL: server, wire: .openAI, modelName: command.model, keyVariable: nil),
            placement: .edge, tier: .small, contextTokens: 4096, maxOutputTokens: 4096,
            capabilities: [.streaming], prices: [free], slots: 1,
            speed: Speed(
                overheadSeconds: 0, prefillTokensPerSecond: 100, decodeTokensPerSecond: 10, provenance: .estimated))
        id = model.id
        self.catalog = ModelCatalog(models: catalog.models + [model], version: catalog.version)
        isListed = false
    }

    /// The profile's name: `--name`, the catalog's, or the model's own without its maker.
    /// - Throws: `Exit` where a profile of that name comes from recorded answers.
    func profileName(_ wanted: String?, known prober: LiveProber) throws -> String {
        let own = id.rawValue.split(separator: "/").last.map(String.init) ?? id.rawValue
        let name = wanted ?? catalog[id]?.profile?.rawValue ?? own
        if prober.hasMeasured(ModelID(name)) {
            throw Exit(
                65,
                "\(name) has a profile from recorded answers already, which knows it better than probes can; "
                    + "--name OTHER makes another beside it")
        }
        return name
    }
}
