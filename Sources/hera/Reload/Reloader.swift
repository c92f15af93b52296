import Calls
import Catalog
import Foundation
import Logging
import ServiceLifecycle
import Steps
import UnixSignals

/// Reloads catalog, scores, profiles and settings on SIGHUP and when a file of theirs changes.
///
/// All of it is read and checked before any of it is used. Where something is refused, everything stays as it was.
struct Reloader: Service {
    let installation: InstallationOptions
    let stepService: StepService
    let prober: HealthProber
    let logger: Logger
    /// How often the files are looked at.
    var interval = Duration.seconds(2)

    private enum Occasion: Sendable {
        case signal
        case look
    }

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        let (occasions, continuation) = AsyncStream.makeStream(of: Occasion.self, bufferingPolicy: .bufferingNewest(8))
        await cancelWhenGracefulShutdown {
            await withTaskGroup { group in
                group.addTask {
                    for await _ in signals { continuation.yield(.signal) }
                    continuation.finish()
                }
                group.addTask { [interval] in
                    while !Task.isCancelled {
                        try? await Task.sleep(for: interval)
                        continuation.yield(.look)
                    }
                }
                var seen = WatchedFiles(installation)
                for await occasion in occasions {
                    let files = WatchedFiles(installation)
                    guard occasion == .signal || files != seen else { continue }
                    seen = files
                    await reload()
                }
                group.cancelAll()
            }
        }
    }

    /// Reads everything anew, and replaces what is in use or says why not.
    private func reload() async {
        let old = (catalog: stepService.registry.catalog, settings: stepService.settings)
        do {
            let catalog = try Installation.catalog(installation)
            let settings = try Installation.settings(installation, for: stepService.registry.extended(catalog))
            let estimator = try Installation.estimator(installation)
            for problem in settings.jwt.compactMap(\.fileProblem) { throw Exit(65, problem) }
            if let problem = settings.guardrail?.hook.problem(stepService.calls.keys) {
                throw Exit(65, "guardrail: \(problem)")
            }
            stepService.replace(
                catalog: catalog, estimator: estimator, settings: settings,
                episodes: try Installation.episodes(installation))
            let report = ReloadReport(
                from: old.catalog, old.settings, to: stepService.registry.catalog, stepService.settings, asked: settings
            )
            for line in report.lines { Exit.printError("reloaded: \(line)") }
            await prober.probe()
        } catch {
            let reason = (error as? Exit)?.message ?? "\(error)"
            Exit.printError("not reloaded, everything stays as it was: \(reason)")
        }
    }
}

/// The names, sizes and times of all files of an installation, to notice changes.
struct WatchedFiles: Hashable {
    private let stamps: [String: [Int64]]

    init(_ installation: InstallationOptions) {
        var paths = [installation.settingsSearch.found?.path].compactMap(\.self)
        let folders = [installation.catalogFolder, installation.addedCatalogFolder, installation.profilesFolder]
        for folder in folders.compactMap(\.self) {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            let read = names.filter { [".yaml", ".yml", ".profile"].contains(where: $0.hasSuffix) }
            paths += read.map { "\(folder)/\($0)" }
        }
        var stamps: [String: [Int64]] = [:]
        for path in paths {
            var status = stat()
            guard stat(path, &status) == 0 else { continue }
            stamps[path] = [
                Int64(status.st_mtim.tv_sec), Int64(status.st_mtim.tv_nsec), Int64(status.st_size),
                Int64(status.st_ino),
            ]
        }
        self.stamps = stamps
    }
}
