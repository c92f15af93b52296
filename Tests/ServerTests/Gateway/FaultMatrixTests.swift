import Calls
import Domain
import Foundation
import JSON
import Ledger
import ScriptedUpstream
import Steps
import Testing
import Upstream

@Suite("Faults of a model's server, one by one")
struct FaultMatrixTests {
    private static let settings: Settings = {
        var settings = Settings()
        settings.limits.firstByteSeconds = 0.4
        settings.limits.idleSeconds = 0.4
        settings.limits.callSeconds = 2
        settings.limits.answerBytes = 64 << 10
        return settings
    }()

    private static func body(_ model: String, isStream: Bool) -> String {
        #"{"model":"\#(model)","stream":\#(isStream),"messages":[{"role":"user","content":"What is 2+2?"}]}"#
    }

    @Test("the client gets the right status, the ledger the right entry, and nothing stays open", arguments: Fault.all)
    func alone(fault: Fault) async throws {
        try await TestService.with(settings: Self.settings) { _ in
            fault.reply()
        } _: { service async throws in
            let answer = try await service.send(
                "POST", "/v1/chat/completions", body: Self.body("test/cheap", isStream: fault.isStream))
            #expect(answer.status == fault.status, "\(answer.text.prefix(300))")
            if fault.status == 200 {
                #expect(answer.text.contains("four"))
                let isWhole = fault.booking == .counted || fault.name == "no usage"
                if fault.isStream { #expect(answer.text.hasSuffix("data: [DONE]\n\n") == isWhole) }
                if !isWhole { #expect(answer.text.contains(#""error""#)) }
            }
            let entries = try await service.entries()
            #expect(entries.count == fault.entries)
            #expect(entries.allSatisfy { $0.kind == (fault.booking == .counted ? .call : .uncertain) })
            #expect(entries.allSatisfy { $0.result.figures.cost.total > .zero }, "nothing is a certain zero")
            if fault.booking == .counted { #expect(entries.first?.result.usage.promptTokens == 100) }
            try await Self.expectNothingOpen(service)
        }
    }

    @Test("another model answers unless words have come", arguments: Fault.all.filter { !$0.isDelivered })
    func another(fault: Fault) async throws {
        try await TestService.with(settings: Self.settings) { request in
            guard request.model == "test/cheap" else {
                return fault.isStream
                    ? .stream(["four"], usage: Fault.usage) : .completion("four", usage: Fault.usage)
            }
            return fault.reply()
        } _: { service async throws in
            let answer = try await service.send(
                "POST", "/v1/chat/completions", body: Self.body("hera", isStream: fault.isStream))
            #expect(answer.status == 200 && answer.headers["x-hera-model"] == "test/dear")
            #expect(answer.text.contains("four"))
            #expect(try await service.entries().count == fault.entries + 1)
            try await Self.expectNothingOpen(service)
        }
    }

    private static func expectNothingOpen(_ service: TestService) async throws {
        #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
        #expect(try await service.stepService.ledger.read { try $0.verify() }.isSound)
    }

    private static let head = """
        # Faults

        What a client gets, and what is booked, for each fault of a model's server.
        `FaultMatrixTests` checks every line, and that nothing stays reserved. It writes this page with `HERA_WRITE_TABLES=1`.

        | column | meaning |
        |---|---|
        | alone | the client's status where no other model may answer. A stream that has begun ends with an error event |
        | with another model | whether another candidate answers |
        | booked | `counted` by the server, `uncertain`: an estimate or the reserved bound, never a zero |

        | fault | call | alone | with another model | booked |
        |---|---|---|---|---|

        """

    @Test("the table in the documentation has these faults")
    func table() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let file = root.appendingPathComponent("docs/reference/faults.md")
        let text = Self.head + Fault.all.map(\.line).joined(separator: "\n") + "\n"
        if ProcessInfo.processInfo.environment["HERA_WRITE_TABLES"] != nil {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == text)
    }
}
