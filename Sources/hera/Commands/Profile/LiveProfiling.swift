import ArgumentParser
import Calls
import Catalog
import Domain
import Estimation
import Foundation
import Ledger
import Routing
import ServiceLifecycle
import Steps
import Synchronization
import Training
import UnixSignals
import Upstream

/// `hera profile --live`: composes what asking needs, asks, and writes the profile.
struct LiveProfiling {
    let command: ProfileCommand

    func run() async throws {
        let model = try ProbedModel(command: command, catalog: try Installation.catalog(command.places))
        let bar = ProgressBar()
        bar.show(0, "loading profiles and probes")
        defer { bar.clear() }
        let folder = command.places.profilesFolder
        let out = command.out ?? folder
        let prober = LiveProber(try ProfileSet.load(directory: folder))
        let suite = try ProbeSuite.load(command.asking.suite ?? folder + "/probes")
        let trial = command.asking.allowCode ? CodeTrial() : nil
        if command.asking.allowCode, trial == nil {
            throw Exit(69, "--allow-code needs python3 in the PATH, and there is none")
        }
        let items = try prober.choose(
            command.probes, of: suite.gradable(allowingCode: trial != nil), seed: command.seed)
        let logger = Installation.logger()
        let name = try model.profileName(command.asking.name, known: prober)
        do {
            try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
        } catch {
            throw Exit(73, "cannot make \(out): \(error.localizedDescription)")
        }
        let upstream = UpstreamClient(logger: logger)
        let stepService = StepService(
            catalog: model.catalog, estimator: PriorEstimator(), ledger: try Installation.ledger(command.database),
            upstream: upstream, settings: try Installation.settings(command.places), keys: Installation.keyring(),
            logger: logger)
        let health = HealthProber(
            fleet: stepService.fleet, upstream: upstream, keys: Installation.keyring(), logger: logger)
        let asking = ProbeRun(
            stepService: stepService, prober: health, model: model.id, items: items, trial: trial,
            file: ProbeAnswerFile(of: name, in: out), budget: try budget(), maxTokens: command.asking.maxTokens)
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: upstream), .init(service: stepService.pool),
                    .init(service: asking, successTerminationBehavior: .gracefullyShutdownGroup),
                ], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
        await stepService.ledger.close()
        bar.clear()
        let answers = try asking.answers()
        var profile = prober.profile(name, answers.map(\.graded))
        let speed = ProbeSpeed(answers.map(\.answer))
        profile.prefillTokensPerSecond = speed.prefillTokensPerSecond
        profile.decodeTokensPerSecond = speed.decodeTokensPerSecond
        profile.firstTokenSeconds = speed.firstTokenSeconds
        let path = try ProfileSet.write(profile, to: out)
        print(ProfileReport(profile: profile, answers: answers.map(\.answer), prober: prober, path: path).text(model))
    }

    private func budget() throws -> Money? {
        guard let text = command.asking.budget else { return nil }
        do {
            let money = try Money(usd: text)
            guard money >= .zero else { throw Exit(64, "--budget must not be negative") }
            return money
        } catch let error as MoneyError {
            throw Exit(64, "--budget \(text): \(error)")
        }
    }
}
