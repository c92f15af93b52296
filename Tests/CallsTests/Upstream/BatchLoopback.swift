import Calls
import Dialects
import Domain
import JSON
import ScriptedUpstream
import TestSupport
import Upstream

/// A client at work and a scripted provider with a batch interface, for the length of a test.
struct BatchLoopback: Sendable {
    let loopback: Loopback
    let batches: ScriptedBatches

    var client: UpstreamClient { loopback.client }

    static func with(
        _ interface: ScriptedBatches.Interface, rules: ScriptedBatchRules = ScriptedBatchRules(),
        _ body: @escaping @Sendable (BatchLoopback) async throws -> Void
    ) async throws {
        let batches = ScriptedBatches(interface, rules: rules)
        try await Loopback.with { request in
            batches.reply(to: request) ?? .completion("live")
        } _: { loopback in
            try await body(BatchLoopback(loopback: loopback, batches: batches))
        }
    }

    var endpoint: Endpoint { Self.endpoint(batches.interface, baseURL: loopback.server.baseURL) }

    static func endpoint(_ interface: ScriptedBatches.Interface, baseURL: String) -> Endpoint {
        switch interface {
        case .openAI:
            Endpoint(
                baseURL: baseURL, wire: .openAI, modelName: "gpt-batch", keyVariable: "KEY", batches: .openAI)
        case .anthropic:
            Endpoint(
                baseURL: baseURL, wire: .anthropic, modelName: "claude-batch", keyVariable: "KEY",
                batches: .anthropic)
        }
    }

    func order(_ name: String = "b-1", rows: Int = 4, text: String = "question") throws -> ProviderBatchSubmission {
        ProviderBatchSubmission(
            endpoint: endpoint, credentials: Loopback.credentials, name: name,
            rows: try (0..<rows).map { number in
                let body = #"{"model":"hera","messages":[{"role":"user","content":"\#(text) \#(number)"}]}"#
                return ProviderBatchRow(
                    customID: ProviderBatchSubmission.customID(of: number, in: name),
                    body: try JSONDocument(Array(body.utf8)), maximumOutputTokens: 64)
            })
    }

    /// What is known of an order whose answer was lost a moment ago.
    func trace(_ order: ProviderBatchSubmission, others: Set<String> = []) -> LostProviderBatch {
        LostProviderBatch(
            name: order.name, rows: order.rows.count, since: .now().advanced(bySeconds: -60), others: others,
            settling: .zero)
    }

    func find(_ trace: LostProviderBatch) async throws -> ProviderBatchFinding {
        try await client.find(trace, endpoint: endpoint, credentials: Loopback.credentials)
    }

    func poll(_ id: String) async throws -> ProviderBatch {
        try await client.batch(id, endpoint: endpoint, credentials: Loopback.credentials)
    }

    /// All lines of a batch's results.
    func results(_ batch: ProviderBatch) async throws -> BatchHarvest {
        var harvest = BatchHarvest()
        for try await line in try client.results(of: batch, endpoint: endpoint, credentials: Loopback.credentials) {
            harvest.take(line)
        }
        return harvest
    }

    /// The error of a submission; nil where it succeeds.
    func failure(_ order: ProviderBatchSubmission) async -> UpstreamError? {
        do throws(UpstreamError) {
            _ = try await client.submit(order)
            return nil
        } catch {
            return error
        }
    }
}

/// Results by row, in a form that tests can compare.
struct BatchHarvest {
    var answers: [String: ChatAnswer] = [:]
    var bodies: [String: [UInt8]] = [:]
    var failures: [String: UpstreamFailure] = [:]
    var expired: Set<String> = []
    var cancelled: Set<String> = []
    var unreadableRows: [String: String] = [:]
    var unreadableLines: [Int: String] = [:]
    /// Rows that had more than one result.
    var repeated: Set<String> = []
    private var seen: Set<String> = []

    init() {}

    mutating func take(_ line: ProviderBatchLine) {
        switch line {
        case .unreadable(let line, let reason): unreadableLines[line] = reason
        case .result(let result):
            if !seen.insert(result.customID).inserted { repeated.insert(result.customID) }
            switch result.outcome {
            case .answered(let answer, let body):
                answers[result.customID] = answer
                bodies[result.customID] = body
            case .failed(let failure): failures[result.customID] = failure
            case .expired: expired.insert(result.customID)
            case .cancelled: cancelled.insert(result.customID)
            case .unreadable(let reason): unreadableRows[result.customID] = reason
            }
        }
    }
}
