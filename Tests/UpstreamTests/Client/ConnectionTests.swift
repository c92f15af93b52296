import ScriptedUpstream
import TestSupport
import Testing
import Upstream

@Suite("Connections")
struct ConnectionTests {
    @Test("calls in a row share one connection")
    func reuse() async throws {
        try await Loopback.with { _ in
            .completion("hi")
        } _: { loopback async throws in
            for _ in 0..<20 { _ = try await loopback.text() }
            #expect(loopback.server.record.calls == 20)
            #expect(loopback.server.record.connections == 1)
        }
    }

    @Test("200 calls at once are all answered, each with its own answer")
    func manyAtOnce() async throws {
        try await Loopback.with { request in
            .json(request.bodyText).delayed(by: .milliseconds(20))
        } _: { loopback async throws in
            let answers = try await withThrowingTaskGroup(of: (Int, String).self) { group in
                for index in 0..<200 {
                    group.addTask { (index, try await loopback.text(loopback.request(body: "body \(index)"))) }
                }
                return try await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
            }
            #expect(answers == Dictionary(uniqueKeysWithValues: (0..<200).map { ($0, "body \($0)") }))
            #expect(loopback.server.record.maximumActiveCalls > 1)
        }
    }

    @Test("concurrent transfers never exceed the limit", arguments: [1, 3])
    func concurrencyLimit(limit: Int) async throws {
        let configuration = UpstreamConfiguration(maximumConcurrent: 100, maximumConcurrentPerHost: limit)
        try await Loopback.with(configuration) { _ in
            .completion("hi").delayed(by: .milliseconds(5))
        } _: { loopback async throws in
            try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<20 { group.addTask { try await loopback.text() } }
                try await group.waitForAll()
            }
            #expect(loopback.server.record.calls == 20)
            #expect(loopback.server.record.maximumActiveCalls <= limit)
        }
    }

    @Test("a call beyond the queue limit fails at once as overloaded")
    func overload() async throws {
        let configuration = UpstreamConfiguration(maximumConcurrentPerHost: 1, maximumWaiting: 1)
        try await Loopback.with(configuration) { _ in
            .nothing(.hang)
        } _: { loopback async throws in
            try await withThrowingTaskGroup(of: UpstreamError?.self) { group in
                for _ in 0..<5 { group.addTask { await loopback.failure() } }
                for _ in 0..<3 { #expect(try await group.next() == .overloaded(waiting: 1)) }
                group.cancelAll()
                try await group.waitForAll()
            }
        }
    }

    @Test("a server that hangs does not hold up another")
    func separateHosts() async throws {
        let configuration = UpstreamConfiguration(maximumConcurrentPerHost: 1)
        try await Loopback.with(configuration) { _ in
            .nothing(.hang)
        } _: { loopback async throws in
            try await ScriptedUpstream.with { _ in
                .json("quick")
            } _: { quick in
                try await withThrowingTaskGroup(of: UpstreamError?.self) { group in
                    for _ in 0..<3 { group.addTask { await loopback.failure() } }
                    let response = try await loopback.client.send(UpstreamRequest(url: quick.baseURL))
                    #expect(try await response.collect(upTo: 100) == Array("quick".utf8))
                    group.cancelAll()
                    try await group.waitForAll()
                }
            }
        }
    }
}
