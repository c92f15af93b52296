import Catalog
import Domain
import JSON
import Ledger
import ScriptedUpstream
import Steps
import TestSupport
import Testing
import Upstream

@Suite("Models with several endpoints")
struct EndpointsTests {
    private static let usage = ScriptedUsage(promptTokens: 20, completionTokens: 4)

    /// The cheap test model at two addresses of one scripted server.
    @Sendable private static func catalog(baseURL: String, today: CalendarDay) -> ModelCatalog {
        let models = TestModels.catalog(baseURL: baseURL, today: today).models.filter { $0.id == TestModels.cheap }
        return ModelCatalog(
            models: models.map { model in
                Model(
                    id: model.id, provider: model.provider,
                    endpoints: ["eu", "us"].map { name in
                        let endpoint = Endpoint(
                            baseURL: "\(baseURL)/\(name)", wire: .openAI, modelName: "test/cheap", keyVariable: nil)
                        return ModelEndpoint(endpoint, name: name)
                    },
                    placement: .cloud, tier: model.tier, contextTokens: model.contextTokens,
                    maxOutputTokens: model.maxOutputTokens, capabilities: model.capabilities, prices: model.prices,
                    speed: model.speed)
            }, version: "test")
    }

    private static func body(_ session: String) -> String {
        #"{"model":"test/cheap","messages":[{"role":"user","content":"hello from \#(session)"}]}"#
    }

    /// Asks within a session; returns the status and the attempts of the decision.
    private static func ask(
        _ service: TestService, _ session: String
    ) async throws -> (status: Int, attempts: [JSONValue]) {
        let answer = try await service.send(
            "POST", "/v1/chat/completions", body: body(session), headers: [("x-hera-session", session)])
        guard let id = answer.headers["x-hera-decision"] else { return (answer.status, []) }
        let decision = try await service.json("GET", "/v1/decisions/\(id)").root
        return (answer.status, decision["attempts"]?.elements.map { $0 } ?? [])
    }

    private static func places(_ service: TestService) -> [String] {
        service.models.record.requests.filter { $0.method == "POST" }.compactMap {
            $0.path.split(separator: "/").dropFirst().first.map(String.init)
        }
    }

    @Test("spread sessions over them, keep each session on one, and name it in the decision")
    func sessions() async throws {
        try await TestService.with(catalog: Self.catalog) { _ in
            .completion("4", usage: Self.usage)
        } _: { service async throws in
            var seen: Set<String> = []
            for number in 1...12 {
                let session = "session-\(number)"
                var names: Set<String> = []
                for _ in 1...3 {
                    let (status, attempts) = try await Self.ask(service, session)
                    #expect(status == 200)
                    if let name = attempts.last?["endpoint"]?.string { names.insert(name) }
                }
                #expect(names.count == 1, "a session stays where its prompt cache is: \(names)")
                seen.formUnion(names)
            }
            #expect(seen == ["eu", "us"])
            #expect(Set(Self.places(service)) == ["eu", "us"])
        }
    }

    @Test("one that fails is left out: the other one answers, in the same call and in the next ones")
    func failure() async throws {
        try await TestService.with(catalog: Self.catalog) { request in
            request.path.contains("/eu/")
                ? .status(429, retryAfter: "60") : .completion("4", usage: Self.usage)
        } _: { service async throws in
            for number in 1...8 {
                let (status, attempts) = try await Self.ask(service, "session-\(number)")
                #expect(status == 200 && attempts.last?["endpoint"]?.string == "us")
            }
            #expect(Self.places(service).count { $0 == "eu" } == 1, "it asked for a minute's rest")
            let dashboard = try await service.json("GET", "/v1/dashboard").root
            let states = dashboard["live"]?[0]?["endpoints"]?.elements.map { $0["state"]?.string ?? "" }
            #expect(states == ["rests", "live"], "\(dashboard.text)")
        }
    }

    @Test("where all fail, the call fails with the names of those that were tried, and nothing stays reserved")
    func allFail() async throws {
        try await TestService.with(catalog: Self.catalog) { _ in
            .status(500)
        } _: { service async throws in
            let answer = try await service.send("POST", "/v1/chat/completions", body: Self.body("a"))
            #expect(answer.status == 502)
            #expect(Set(Self.places(service)) == ["eu", "us"])
            let open = try await service.stepService.ledger.read { try $0.openReservations().count }
            #expect(open == 0)
        }
    }
}
