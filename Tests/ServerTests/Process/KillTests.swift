import Domain
import Foundation
import JSON
import Ledger
import ScriptedUpstream
import TestSupport
import Testing

@Suite("Killed processes", .serialized)
struct KillTests {
    private let usage = ScriptedUsage(promptTokens: 50, completionTokens: 5)

    @Test("kill -9 in the middle of a job: the call is booked, the job goes on, no step is lost", arguments: [1, 2])
    func killed(step: Int) async throws {
        let usage = usage
        try await ScriptedUpstream.with { request in
            if request.method == "GET" { return .models(["test/small"]) }
            let reply: ScriptedReply =
                request.bodyText.contains(#""role":"tool""#)
                ? .completion("It is 42.", usage: usage)
                : .toolCall("calculator", arguments: #"{"expression":"6*7"}"#, usage: usage)
            return reply.delayed(by: .milliseconds(700))
        } _: { models async throws in
            let folder = try HeraProcess.folder(modelsAt: models.baseURL)
            defer { try? FileManager.default.removeItem(at: folder) }
            let first = try await HeraProcess.start(in: folder)
            let body = #"{"input":"6*7?","agent":{"tools":[{"type":"calculator"}]}}"#
            let id = try #require(try await first.request("POST", "/v1/jobs", body: body)["id"]?.string)
            // Killed during the model call of the given step.
            try await waitUntil("call \(step)") { models.record.requests.count { $0.method == "POST" } >= step }
            first.kill()

            let second = try await HeraProcess.start(in: folder)
            defer { second.kill() }
            let job = try await waitFor("the job to end") {
                let job = try await second.request("GET", "/v1/jobs/\(id)")
                return job["status"]?.string == "completed" ? job : nil
            }
            #expect(job["output"]?.string == "It is 42.")
            #expect(job["steps"]?.count == 2, "no step twice")
            let totals = try await second.request("GET", "/v1/dashboard")["totals"]
            #expect(totals?["calls"]?.integer == 3, "two answered, and the one that was under way")
            #expect(totals?["uncertain"]?.integer == 1)
            #expect(models.record.requests.count { $0.method == "POST" } == 3, "the answered steps are not paid twice")
            try second.end()

            let ledger = try LedgerStore.sqlite(path: folder.appendingPathComponent("hera.sqlite").path)
            #expect(try await ledger.read { try $0.openReservations() }.isEmpty)
            #expect(try await ledger.read { try $0.verify() }.isSound)
            await ledger.close()
        }
    }
}
