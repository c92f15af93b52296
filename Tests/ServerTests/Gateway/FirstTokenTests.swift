import Calls
import Domain
import JSON
import Ledger
import ScriptedUpstream
import Steps
import TestSupport
import Testing
import Upstream

@Suite("Limits of the time to the first token")
struct FirstTokenTests {
    private static let usage = ScriptedUsage(promptTokens: 100, completionTokens: 10)

    private static func body(_ seconds: String, stream: Bool = true, more: String = "") -> String {
        #"{"model":"hera","stream":\#(stream),"hera":{"first_token_s":\#(seconds)\#(more)},"#
            + #""messages":[{"role":"user","content":"2+2?"}]}"#
    }

    /// The model that is asked first begins at once, and has no word for a long while.
    private static func with(
        _ pause: Duration, _ body: @escaping @Sendable (TestService) async throws -> Void
    ) async throws {
        try await TestService.with(estimator: TestEstimator(cheapQuality: 0.79)) { request in
            guard request.isStreaming else { return .completion("It is 4.", usage: usage).delayed(by: pause) }
            return request.model == "test/cheap"
                ? .stream(["It ", "is 5."], usage: usage, delayBetween: pause) : .stream(["It is 4."], usage: usage)
        } _: { service async throws in
            try await body(service)
        }
    }

    @Test("a stream whose first word is late goes to the next candidate, and is booked as uncertain")
    func late() async throws {
        try await Self.with(.seconds(20)) { service async throws in
            let answer = try await service.send("POST", "/v1/chat/completions", body: Self.body("0.4"))
            #expect(answer.status == 200 && answer.text.contains("It is 4."), "\(answer.text)")
            #expect(answer.headers["x-hera-model"] == "test/dear" && answer.text.hasSuffix("data: [DONE]\n\n"))
            #expect(!answer.text.contains("is 5"))
            let entries = try await service.entries()
            #expect(entries.map(\.kind.rawValue).sorted() == ["call", "uncertain"])
            let id = try #require(answer.headers["x-hera-decision"])
            let attempts = try await service.json("GET", "/v1/decisions/\(id)").root["attempts"]
            #expect(attempts?[0]?["words"]?.string?.contains("first token timeout") == true)
            // The caller's limit is no fault of the server, which others may go on to ask.
            #expect(service.stepService.registry.rest(of: TestModels.cheap, at: .now()) == nil)
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
        }
    }

    @Test("where no candidate is left, the error is that of a slow server")
    func alone() async throws {
        try await Self.with(.seconds(20)) { service async throws in
            let only = #","models":{"allow":["test/cheap"]}"#
            let answer = try await service.send("POST", "/v1/chat/completions", body: Self.body("0.4", more: only))
            #expect(answer.status == 504 && answer.text.contains("upstream_timeout"))
        }
    }

    @Test("a stream in time, and a whole answer, come as they are", arguments: [true, false])
    func inTime(stream: Bool) async throws {
        try await Self.with(.milliseconds(stream ? 1 : 600)) { service async throws in
            let body = Self.body(stream ? "30" : "0.3", stream: stream)
            let answer = try await service.send("POST", "/v1/chat/completions", body: body)
            #expect(answer.status == 200 && answer.headers["x-hera-model"] == "test/cheap", "\(answer.text)")
            if stream { #expect(answer.text.contains("is 5.") && answer.text.hasSuffix("data: [DONE]\n\n")) }
            #expect(try await service.entries().map(\.kind) == [.call])
        }
    }

    @Test("models that are expected to begin too late are left out, with the reason")
    func rejected() async throws {
        try await Self.with(.milliseconds(1)) { service async throws in
            let none = try await service.send("POST", "/v1/chat/completions", body: Self.body("0.05"))
            #expect(none.status == 422 && none.text.contains("first_token_s is 0.05"))
            #expect(service.models.record.requests.allSatisfy { $0.method == "GET" })
        }
    }
}
