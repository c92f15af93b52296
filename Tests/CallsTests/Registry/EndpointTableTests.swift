import Domain
import TestSupport
import Testing
import Upstream

@testable import Calls

@Suite("The endpoints of a model")
struct EndpointTableTests {
    private static let now = Timestamp(milliseconds: 1_800_000_000_000)
    private static let model = ModelID("m")

    private static func endpoint(
        _ name: String, weight: Double = 1, concurrency: Int? = nil, requests: Int? = nil, tokens: Int? = nil
    ) -> ModelEndpoint {
        ModelEndpoint(
            Endpoint(baseURL: "https://\(name)/v1", wire: .openAI, modelName: "m", keyVariable: nil), name: name,
            weight: weight, concurrency: concurrency, requestsPerMinute: requests, tokensPerMinute: tokens)
    }

    private static func choose(
        _ table: inout EndpointTable, _ endpoints: [ModelEndpoint], run: String = "run", tokens: Int = 10,
        excluding: Set<String> = [], heedsRest: Bool = true, movesRun: Bool = true, after seconds: Double = 0
    ) -> Result<EndpointChoice, UpstreamError> {
        table.choose(
            among: endpoints, of: model, for: run, tokens: tokens, excluding: excluding, heedsRest: heedsRest,
            movesRun: movesRun, at: now.advanced(bySeconds: seconds))
    }

    private static func fail(
        _ table: inout EndpointTable, _ name: String, rest: Double? = nil, isTrial: Bool = false,
        after seconds: Double = 0
    ) {
        table.recordFailure(
            EndpointID(model, name), "HTTP 500", restSeconds: rest, isRateLimited: rest != nil, isTrial: isTrial,
            at: now.advanced(bySeconds: seconds))
    }

    @Test("a second request beside a slow one leaves the run where its prompt cache is")
    func secondRequest() throws {
        var table = EndpointTable()
        let endpoints = ["a", "b"].map { Self.endpoint($0) }
        let home = try Self.choose(&table, endpoints).get().endpoint.name
        let other = try Self.choose(&table, endpoints, excluding: [home], movesRun: false).get().endpoint.name
        #expect(other != home)
        #expect(try Self.choose(&table, endpoints).get().endpoint.name == home)
        _ = Self.choose(&table, endpoints, excluding: [home])
        #expect(try Self.choose(&table, endpoints).get().endpoint.name == other)
    }

    @Test("share new runs by their weights")
    func weights() throws {
        let endpoints = [Self.endpoint("a", weight: 3), Self.endpoint("b"), Self.endpoint("c", weight: 0.5)]
        var counts: [String: Int] = [:]
        for number in 0..<9000 {
            counts[endpoints[EndpointSpread.order(of: endpoints, for: "run-\(number)")[0]].name, default: 0] += 1
        }
        #expect(abs((counts["a"] ?? 0) - 6000) < 250)
        #expect(abs((counts["b"] ?? 0) - 2000) < 200)
        #expect(abs((counts["c"] ?? 0) - 1000) < 150)
    }

    @Test("when one leaves, only its own runs move")
    func stability() {
        let all = ["a", "b", "c"].map { Self.endpoint($0) }
        for number in 0..<300 {
            let order = EndpointSpread.order(of: all, for: "run-\(number)").map { all[$0].name }
            let left = all.filter { $0.name != "b" }
            let rest = EndpointSpread.order(of: left, for: "run-\(number)").map { left[$0].name }
            #expect(rest == order.filter { $0 != "b" })
        }
    }

    @Test("share the calls that are under way, so that none has much more than its share")
    func load() throws {
        let endpoints = ["a", "b", "c"].map { Self.endpoint($0) }
        var table = EndpointTable()
        var counts: [String: Int] = [:]
        for number in 0..<60 {
            let choice = try Self.choose(&table, endpoints, run: "run-\(number)").get()
            counts[choice.endpoint.name, default: 0] += 1
        }
        #expect(counts.values.max() ?? 0 <= 26 && counts.count == 3, "\(counts)")
    }

    @Test("keep a run where its prompt cache is, until that one rests, and take it back afterwards")
    func home() throws {
        let endpoints = ["a", "b"].map { Self.endpoint($0) }
        var table = EndpointTable()
        let first = try Self.choose(&table, endpoints).get()
        table.leave(first, of: Self.model, used: nil, at: Self.now)
        for _ in 0..<20 {
            // Others keep that endpoint busy.
            let choice = try Self.choose(&table, endpoints).get()
            #expect(choice.endpoint.name == first.endpoint.name)
        }
        Self.fail(&table, first.endpoint.name, rest: 30)
        let other = try Self.choose(&table, endpoints).get()
        #expect(other.endpoint.name != first.endpoint.name)
        #expect(try Self.choose(&table, endpoints, after: 60).get().endpoint.name == other.endpoint.name)
    }

    @Test("rest each by itself: the model rests when all do, for the shortest of the rests")
    func rest() throws {
        let endpoints = ["a", "b"].map { Self.endpoint($0) }
        var table = EndpointTable()
        Self.fail(&table, "a", rest: 60)
        #expect(try Self.choose(&table, endpoints).get().endpoint.name == "b")
        #expect(table.rest(ofEndpoints: ["a", "b"], of: Self.model, at: Self.now) == nil)
        Self.fail(&table, "b", rest: 20)
        #expect(table.modelsWithRest(at: Self.now) == [Self.model])
        guard case .failure(.resting(_, let seconds, true)) = Self.choose(&table, endpoints) else {
            Issue.record("not resting")
            return
        }
        #expect(seconds == 20)
        // After its rest one call is the trial, and the next one waits for it.
        let trial = try Self.choose(&table, endpoints, after: 21).get()
        #expect(trial.endpoint.name == "b" && trial.isTrial)
        guard case .failure = Self.choose(&table, endpoints, run: "other", after: 21) else {
            Issue.record("two trials")
            return
        }
        table.recordSuccess(EndpointID(Self.model, "b"))
        #expect(try Self.choose(&table, endpoints, after: 21).get().isTrial == false)
    }

    @Test("that rest are asked all the same for work that waits by itself, after those that work")
    func jobs() throws {
        let endpoints = ["a", "b"].map { Self.endpoint($0) }
        var table = EndpointTable()
        Self.fail(&table, "a", rest: 60)
        #expect(try Self.choose(&table, endpoints, heedsRest: false).get().endpoint.name == "b")
        Self.fail(&table, "b", rest: 60)
        #expect(throws: Never.self) { try Self.choose(&table, endpoints, heedsRest: false).get() }
    }

    @Test("take no more calls at a time than they are said to take")
    func concurrency() throws {
        let endpoints = [Self.endpoint("a", concurrency: 2), Self.endpoint("b", concurrency: 1)]
        var table = EndpointTable()
        let choices = try (0..<3).map { try Self.choose(&table, endpoints, run: "\($0)").get() }
        #expect(choices.map(\.endpoint.name).sorted() == ["a", "a", "b"])
        guard case .failure(.overloaded(waiting: 3)) = Self.choose(&table, endpoints) else {
            Issue.record("there is room")
            return
        }
        table.leave(choices[0], of: Self.model, used: nil, at: Self.now)
        #expect(try Self.choose(&table, endpoints).get().endpoint.name == choices[0].endpoint.name)
    }

    @Test("take no more requests and tokens a minute than their limits, and what was not used comes back")
    func rates() throws {
        let endpoints = [Self.endpoint("a", requests: 2, tokens: 1000)]
        var table = EndpointTable()
        let first = try Self.choose(&table, endpoints, tokens: 900).get()
        guard case .failure(.resting(_, let wait, true)) = Self.choose(&table, endpoints, tokens: 900) else {
            Issue.record("there is room")
            return
        }
        #expect(abs(wait - 48) < 0.01, "800 of 1000 tokens a minute are missing: \(wait)")
        table.leave(first, of: Self.model, used: 100, at: Self.now)
        _ = try Self.choose(&table, endpoints, tokens: 900).get()
        // The third request of the minute.
        guard case .failure(.resting(_, let next, true)) = Self.choose(&table, endpoints, tokens: 0) else {
            Issue.record("there is room")
            return
        }
        #expect(abs(next - 30) < 0.01)
        _ = try Self.choose(&table, endpoints, tokens: 0, after: 31).get()
    }

    @Test("a call of more tokens than a minute's worth waits for a full minute's worth")
    func large() throws {
        let endpoints = [Self.endpoint("a", tokens: 1000)]
        var table = EndpointTable()
        _ = try Self.choose(&table, endpoints, tokens: 5000).get()
        guard case .failure = Self.choose(&table, endpoints, tokens: 1, after: 60) else {
            Issue.record("there is room")
            return
        }
        _ = try Self.choose(&table, endpoints, tokens: 5000, after: 301).get()
    }

    @Test("that a probe found down are not asked, unless all are")
    func down() throws {
        let endpoints = ["a", "b"].map { Self.endpoint($0) }
        var table = EndpointTable()
        table.setDown([EndpointID(Self.model, "a"): "no server"])
        for number in 0..<10 {
            #expect(try Self.choose(&table, endpoints, run: "\(number)").get().endpoint.name == "b")
        }
        #expect(table.state(of: EndpointID(Self.model, "a"), at: Self.now).word == "down")
        #expect(try Self.choose(&table, endpoints, excluding: ["b"]).get().endpoint.name == "a")
    }

    @Test("the newest runs' endpoints are remembered, the oldest forgotten")
    func homes() {
        var homes = RunHomes(most: 10)
        for number in 0..<25 { homes.set("e\(number)", of: "run-\(number)", Self.model) }
        #expect(homes.home(of: "run-24", Self.model) == "e24" && homes.home(of: "run-12", Self.model) == "e12")
        #expect(homes.home(of: "run-3", Self.model) == nil)
    }
}
