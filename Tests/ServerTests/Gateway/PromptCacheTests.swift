import Catalog
import Domain
import JSON
import ScriptedUpstream
import Steps
import Synchronization
import TestSupport
import Testing
import Upstream

@Suite("Prompt caches that are billed as at Anthropic")
struct PromptCacheTests {
    /// A server that caches what is marked: writes at 1.25 of the price of input, reads at 0.1. A token has four bytes.
    private final class CachingServer: Sendable {
        private static let shortest = 1024
        private static let lookBack = 20
        private let prefixes = Mutex<Set<String>>([])
        /// Marks of each request.
        let marks = Mutex<[Int]>([])

        func reply(to request: ScriptedRequest) -> ScriptedReply {
            guard let root = try? JSONDocument(request.body).root else { return .status(400) }
            var blocks: [JSONValue] = root["tools"]?.elements.map { $0 } ?? []
            if let system = root["system"] { blocks += system.kind == .array ? system.elements.map { $0 } : [system] }
            for message in root["messages"]?.elements.map({ $0 }) ?? [] {
                blocks += message["content"]?.elements.map { $0 } ?? []
            }
            let (read, written, total) = bill(blocks)
            let isFirst = root["messages"]?.count == 1
            let content =
                isFirst
                ? #"{"type":"tool_use","id":"t1","name":"look","input":{"place":"here"}}"#
                : #"{"type":"text","text":"done"}"#
            return .json(
                """
                {"id":"msg_1","type":"message","role":"assistant","model":"claude-test","content":[\(content)],\
                "stop_reason":"\(isFirst ? "tool_use" : "end_turn")","usage":{"input_tokens":\(total - read - written),\
                "cache_creation_input_tokens":\(written),"cache_read_input_tokens":\(read),"output_tokens":100}}
                """)
        }

        private func bill(_ blocks: [JSONValue]) -> (read: Int, written: Int, total: Int) {
            var texts: [String] = []
            var sums: [Int] = []
            var marked: [Int] = []
            var text = ""
            for (index, block) in blocks.enumerated() {
                if block["cache_control"] != nil { marked.append(index) }
                text += block.text.replacing(#","cache_control":{"type":"ephemeral"}"#, with: "") + "\n"
                texts.append(text)
                sums.append(text.utf8.count / 4)
            }
            marks.withLock { $0.append(marked.count) }
            return prefixes.withLock { prefixes in
                var read = 0
                for mark in marked {
                    for index in stride(from: mark, through: max(0, mark - Self.lookBack), by: -1)
                    where prefixes.contains(texts[index]) {
                        read = max(read, sums[index])
                        break
                    }
                }
                let last = marked.last.map { sums[$0] } ?? 0
                for mark in marked where sums[mark] >= Self.shortest { prefixes.insert(texts[mark]) }
                let written = last >= Self.shortest ? max(0, last - read) : 0
                return (read, written, sums.last ?? 0)
            }
        }
    }

    @Sendable private static func catalog(baseURL: String, today: CalendarDay) -> ModelCatalog {
        let rates = Rates([
            .input: UnitPrice(nanoUSDPerMillion: 10_000_000_000),
            .cachedRead: UnitPrice(nanoUSDPerMillion: 1_000_000_000),
            .cacheWrite5m: UnitPrice(nanoUSDPerMillion: 12_500_000_000),
            .output: UnitPrice(nanoUSDPerMillion: 20_000_000_000),
        ])
        let endpoint = Endpoint(baseURL: baseURL, wire: .anthropic, modelName: "claude-test", keyVariable: nil)
        return ModelCatalog(
            models: [
                Model(
                    id: TestModels.claude, provider: "test", endpoints: [ModelEndpoint(endpoint)], placement: .cloud,
                    tier: .frontier, contextTokens: 100_000, maxOutputTokens: 1000,
                    capabilities: [.tools, .streaming],
                    prices: [Price(tiers: [.standard: rates], source: "test", asOf: today)],
                    speed: Speed(
                        overheadSeconds: 0.1, prefillTokensPerSecond: 1000, decodeTokensPerSecond: 100,
                        provenance: .estimated), shortestCachedPrompt: 1024)
            ], version: "test")
    }

    private static let system = String(repeating: "Rules of the house, one more line of them. ", count: 300)
    private static let tools = #"""
        "tools":[{"type":"function","function":{"name":"look","description":"Looks at a place.","parameters":
        {"type":"object","properties":{"place":{"type":"string"}}}}}]
        """#

    private static func body(_ messages: String, tools: Bool = true) -> String {
        let system = #"{"role":"system","content":"\#(system)"}"#
        return #"{"model":"test/claude","messages":[\#(system),\#(messages)]\#(tools ? "," + Self.tools : "")}"#
    }

    /// Predicted and booked cost of a call in USD.
    private static func costs(_ service: TestService, _ body: String) async throws -> (
        predicted: Double, booked: Double
    ) {
        let answer = try await service.send(
            "POST", "/v1/chat/completions", body: body, headers: [("x-hera-session", "one")])
        #expect(answer.status == 200, "\(answer.text)")
        let id = try #require(answer.headers["x-hera-decision"])
        let decision = try await service.json("GET", "/v1/decisions/\(id)").root
        let predicted = try #require(decision["candidates"]?[0]?["cost_usd"]?.double)
        let booked = try #require(answer.headers["x-hera-cost-usd"].flatMap { Double($0) })
        return (predicted, booked)
    }

    private static let question = #"{"role":"user","content":"What is there?"}"#
    private static let second = #"""
        \#(question),{"role":"assistant","content":null,"tool_calls":[{"id":"t1","type":"function","function":
        {"name":"look","arguments":"{\"place\":\"here\"}"}}]},
        {"role":"tool","tool_call_id":"t1","content":"\#(String(repeating: "a tree and a house; ", count: 20))"}
        """#

    @Test("the second step of an agent's run is predicted within a fifth of its bill, and costs a third of the first")
    func secondStep() async throws {
        let server = CachingServer()
        try await TestService.with(estimator: TestEstimator(), catalog: Self.catalog) { request in
            server.reply(to: request)
        } _: { service async throws in
            let first = try await Self.costs(service, Self.body(Self.question))
            #expect(abs(first.predicted / first.booked - 1) < 0.2, "\(first)")
            let second = try await Self.costs(service, Self.body(Self.second))
            #expect(abs(second.predicted / second.booked - 1) < 0.2, "\(second)")
            #expect(second.booked < first.booked / 3, "\(first.booked), \(second.booked)")
            #expect(server.marks.withLock { $0 } == [2, 3])
        }
    }

    @Test("a single question is not marked, and predicted at the price of input")
    func single() async throws {
        let server = CachingServer()
        try await TestService.with(estimator: TestEstimator(), catalog: Self.catalog) { request in
            server.reply(to: request)
        } _: { service async throws in
            let costs = try await Self.costs(service, Self.body(Self.question, tools: false))
            #expect(abs(costs.predicted / costs.booked - 1) < 0.2, "\(costs)")
            #expect(server.marks.withLock { $0 } == [0])
        }
    }
}
