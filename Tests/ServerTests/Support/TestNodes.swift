import Foundation
import Ledger
import Routing
import ScriptedUpstream
import Steps

extension TestService {
    /// Runs a body against some services on one database and one scripted model server.
    static func withNodes(
        _ count: Int, settings: Settings = Settings(), estimator: any Estimating = PriorEstimator(),
        script: @escaping @Sendable (ScriptedRequest) -> ScriptedReply,
        _ body: @escaping @Sendable ([TestService]) async throws -> Void
    ) async throws {
        try await ScriptedUpstream.with { request in
            request.method == "GET" ? .models(["test/cheap", "test/dear"]) : script(request)
        } _: { models async throws in
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hera-\(UUID())")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let path = folder.appendingPathComponent("ledger.sqlite").path
            try await start(count, after: [], path, models, settings, estimator, body)
        }
    }

    private static func start(
        _ count: Int, after nodes: [TestService], _ path: String, _ models: ScriptedUpstream, _ settings: Settings,
        _ estimator: any Estimating, _ body: @escaping @Sendable ([TestService]) async throws -> Void
    ) async throws {
        if nodes.count == count { return try await body(nodes) }
        let ledger = try LedgerStore.sqlite(path: path)
        try await run(models, ledger: ledger, settings: settings, key: nil, estimator: estimator) { node async throws in
            try await start(count, after: nodes + [node], path, models, settings, estimator, body)
        }
        await ledger.close()
    }
}
