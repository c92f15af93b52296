import Catalog
import Domain
import Foundation
import JSON
import Ledger
import Routing
import ScriptedUpstream
import Steps
import Testing
import Upstream

@Suite("Models of local servers over HTTP")
struct LocalServerTests {
    /// As Ollama lists two models, beside one with a name that is none.
    private static func reply(to request: ScriptedRequest) -> ScriptedReply {
        switch (request.method, request.path) {
        case ("GET", "/v1/models"):
            let names = ["llama3.2:3b", "qwen3:8b", "a\nb"].map(ScriptedReply.quoted)
            return .json(
                #"{"data":[\#(names.map { #"{"id":\#($0),"owned_by":"library"}"# }.joined(separator: ","))]}"#)
        case ("GET", "/api/tags"):
            return .json(
                #"{"models":[{"name":"qwen3:8b","details":{"parameter_size":"8.2B","quantization_level":"Q4_K_M"}}]}"#)
        case ("GET", _): return .status(404)
        default: return .completion("4", usage: ScriptedUsage(promptTokens: 10, completionTokens: 2))
        }
    }

    @Test("models that no catalog names are listed, routed to, pinned and booked with their energy")
    func unknownModels() async throws {
        try await ScriptedUpstream.with {
            Self.reply(to: $0)
        } _: { models async throws in
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hera-\(UUID())")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let ledger = try LedgerStore.sqlite(path: folder.appendingPathComponent("ledger.sqlite").path)
            let settings = Settings(servers: [try LocalServer(url: models.baseURL)])
            try await TestService.run(
                models, catalog: ModelCatalog(models: [], version: "empty"), ledger: ledger, settings: settings,
                key: nil, estimator: PriorEstimator()
            ) { service async throws in
                let list = try await service.json("GET", "/v1/models").root["data"]
                let names = list?.elements.compactMap { $0["id"]?.string } ?? []
                #expect(names == ["hera", "local/llama3.2-3b", "local/qwen3-8b"])
                let qwen = try await service.json("GET", "/v1/models/local/qwen3-8b").root
                #expect(qwen["estimated"]?.string == "from its name and size (8.2B, Q4_K_M)")
                #expect(qwen["owned_by"]?.string == "ollama")
                for (asked, expected) in [("hera", nil), ("local/qwen3-8b", "qwen3:8b")] as [(String, String?)] {
                    let answer = try await service.send(
                        "POST", "/v1/chat/completions",
                        body: #"{"model":"\#(asked)","messages":[{"role":"user","content":"2+2?"}]}"#)
                    #expect(answer.status == 200, "\(answer.text)")
                    let model = try #require(answer.headers["x-hera-model"])
                    #expect(model.hasPrefix("local/"))
                    let sent = try JSONDocument(models.record.requests.last?.body ?? []).root["model"]?.string
                    #expect(sent.map { ["llama3.2:3b", "qwen3:8b"].contains($0) } == true)
                    if let expected { #expect(sent == expected) }
                    let id = try #require(answer.headers["x-hera-decision"])
                    let decision = try await service.json("GET", "/v1/decisions/\(id)").root
                    let considered = decision["considered"]?.elements.compactMap(\.string) ?? []
                    #expect(
                        asked != "hera" || considered.contains { $0.contains("estimated from its size (8.2B, Q4_K_M)") }
                    )
                    let run = try #require(decision["run"]?.string)
                    let entry = try #require(
                        try await ledger.read { try $0.entries(ofRun: run) }.first {
                            $0.call.decisionID == id
                        })
                    #expect(entry.call.model.rawValue == model && entry.call.catalogVersion == "empty+local")
                    #expect(entry.result.figures.cost.api == .zero && entry.result.figures.energyJoules > 0)
                    #expect(entry.result.energyProvenance == .estimated && entry.call.placement == .edge)
                }
            }
            await ledger.close()
        }
    }
}
