import Calls
import Domain
import Foundation
import JSON
import Ledger
import ScriptedUpstream
import Steps
import TestSupport
import Testing
import Upstream

@Suite("Jobs over HTTP")
struct JobTests {
    private let usage = ScriptedUsage(promptTokens: 50, completionTokens: 5)

    @Test("an agent job runs its calculator and ends with an answer, every step explained and booked")
    func calculator() async throws {
        let usage = usage
        try await TestService.with { request in
            request.bodyText.contains(#""role":"tool""#)
                ? .completion("It is 459.", usage: usage)
                : .toolCall("calculator", arguments: #"{"expression":"249+12*17.5"}"#, usage: usage)
        } _: { service async throws in
            let body = #"{"input":"Total?","agent":{"tools":[{"type":"calculator"}]},"metadata":{"who":"test"}}"#
            let created = try await service.json("POST", "/v1/jobs", body: body)
            #expect(created.status == 201)
            let id = try #require(created.root["id"]?.string)
            let job = try await service.job(id, reaches: ["completed"])
            #expect(job["output"]?.string == "It is 459.")
            let steps = Array(try #require(job["steps"]?.elements))
            #expect(steps.map { $0["position"]?.integer } == [1, 2])
            #expect(steps.map { $0["kappa"]?.double } == [0.62, 0.64])
            #expect(steps.allSatisfy { $0["reason"]?.string?.isEmpty == false })
            #expect(job["totals"]?["calls"]?.integer == 2)
            #expect(job["metadata"]?["who"]?.string == "test")
            let events = try await service.send("GET", "/v1/jobs/\(id)/events").text
            for type in ["job.created", "step.decided", "tool.completed", "step.completed", "job.completed"] {
                #expect(events.contains("event: \(type)\n"))
            }
            #expect(events.contains(#""output":"459""#))
            #expect(try await service.stepService.ledger.read { try $0.verify() }.isSound)
        }
    }

    @Test("subtasks that end together leave the job completed, with every output")
    func together() async throws {
        let usage = usage
        try await TestService.with { _ in
            .completion("Done.", usage: usage)
        } _: { service async throws in
            let subtasks = (1...8).map { #"{"id":"s\#($0)","prompt":"Part \#($0)"}"# }.joined(separator: ",")
            for _ in 0..<8 {
                let created = try await service.json(
                    "POST", "/v1/jobs", body: #"{"input":"All","subtasks":[\#(subtasks)]}"#)
                let id = try #require(created.root["id"]?.string)
                let job = try await service.job(id, reaches: ["completed"])
                #expect(Array(try #require(job["steps"]?.elements)).count == 8)
                let events = try await service.send("GET", "/v1/jobs/\(id)/events").text
                #expect(events.components(separatedBy: "event: job.completed\n").count == 2)
                #expect(try await service.job(id, reaches: ["completed"])["status"]?.string == "completed")
            }
        }
    }

    @Test("a client's function pauses the job, and its outputs let it go on")
    func functions() async throws {
        let usage = usage
        try await TestService.with { request in
            request.bodyText.contains(#""role":"tool""#)
                ? .completion("Sunny.", usage: usage) : .toolCall("weather", arguments: "{}", usage: usage)
        } _: { service async throws in
            let body = #"{"input":"Weather?","agent":{"tools":[{"type":"function","function":{"name":"weather"}}]}}"#
            let id = try #require(try await service.json("POST", "/v1/jobs", body: body).root["id"]?.string)
            let paused = try await service.job(id, reaches: ["requires_action"])
            let calls = try #require(paused["required_action"]?["tool_calls"])
            let call = try #require(calls.elements.first { _ in true }?["id"]?.string)
            let wrong = try await service.json(
                "POST", "/v1/jobs/\(id)/tool_outputs", body: #"{"tool_outputs":[{"tool_call_id":"no","output":"x"}]}"#)
            #expect(wrong.status == 400)
            let outputs = #"{"tool_outputs":[{"tool_call_id":"\#(call)","output":{"sky":"blue"}}]}"#
            #expect(try await service.json("POST", "/v1/jobs/\(id)/tool_outputs", body: outputs).status == 200)
            #expect(try await service.job(id, reaches: ["completed"])["output"]?.string == "Sunny.")
            #expect(service.models.record.requests.last?.bodyText.contains(#"{\"sky\":\"blue\"}"#) == true)
        }
    }

    @Test("the event stream of a waiting job sends keep-alive comments")
    func quietEvents() async throws {
        var settings = Settings()
        settings.limits.keepAliveSeconds = 0.05
        settings.limits.leaseSeconds = 0.6
        try await TestService.with(settings: settings) { _ in
            .toolCall("weather", arguments: "{}")
        } _: { service async throws in
            let body = #"{"input":"Weather?","agent":{"tools":[{"type":"function","function":{"name":"weather"}}]}}"#
            let id = try #require(try await service.json("POST", "/v1/jobs", body: body).root["id"]?.string)
            _ = try await service.job(id, reaches: ["requires_action"])
            let events = try await service.client.send(
                UpstreamRequest(method: "GET", url: "http://127.0.0.1:\(service.port)/v1/jobs/\(id)/events"))
            var text = ""
            for try await piece in events.body {
                text += String(decoding: piece, as: UTF8.self)
                if text.contains("\n\n: nothing new\n\n") { break }
            }
            #expect(text.contains("event: job.requires_action"))
            events.cancel()
        }
    }

    @Test("a graph's ready subtasks are asked at the same time, and its end has all outputs")
    func graph() async throws {
        let usage = usage
        try await TestService.with { request in
            ScriptedReply.completion(request.bodyText.contains("Result of a") ? "sum" : "part", usage: usage)
                .delayed(by: .milliseconds(500))
        } _: { service async throws in
            let body =
                #"{"subtasks":[{"id":"a","prompt":"1"},{"id":"b","prompt":"2"},{"id":"c","prompt":"3","depends_on":["a","b"]}]}"#
            let id = try #require(try await service.json("POST", "/v1/jobs", body: body).root["id"]?.string)
            let job = try await service.job(id, reaches: ["completed"])
            #expect(job["output"]?.string == "sum")
            #expect(job["outputs"]?["a"]?.string == "part")
            #expect(service.models.record.maximumActiveCalls == 2)
            let positions = Array(try #require(job["steps"]?.elements)).map { $0["position"]?.integer }
            #expect(positions.sorted { ($0 ?? 0) < ($1 ?? 0) } == [1, 1, 2])
        }
    }

    @Test("a job never exceeds its budget, and reports an exhausted one")
    func budget() async throws {
        let usage = ScriptedUsage(promptTokens: 400, completionTokens: 1000)
        try await TestService.with { _ in
            .toolCall("calculator", arguments: #"{"expression":"1"}"#, usage: usage)
        } _: { service async throws in
            let body =
                #"{"input":"go","agent":{"tools":[{"type":"calculator"}],"max_steps":50},"policy":{"budget_usd":0.01,"models":{"allow":["test/cheap"]}}}"#
            let id = try #require(try await service.json("POST", "/v1/jobs", body: body).root["id"]?.string)
            let job = try await service.job(id, reaches: ["failed", "completed"])
            #expect(job["status"]?.string == "failed")
            #expect(job["error"]?.string?.contains("budget_usd") == true)
            let cost = try Money(usd: job["totals"]?["cost_usd"]?.numberText ?? "")
            #expect(cost > .zero && cost.nanoUSD <= 10_000_000)
        }
    }

    @Test("a cancelled job ends, and the call in progress is still booked")
    func cancel() async throws {
        let usage = usage
        try await TestService.with { _ in
            ScriptedReply.completion("late", usage: usage).delayed(by: .milliseconds(300))
        } _: { service async throws in
            let id = try #require(
                try await service.json("POST", "/v1/jobs", body: #"{"input":"x"}"#).root["id"]?.string)
            try await Task.sleep(for: .milliseconds(100))
            let cancelled = try await service.json("POST", "/v1/jobs/\(id)/cancel")
            #expect(cancelled.root["status"]?.string == "cancelled")
            #expect(try await service.json("POST", "/v1/jobs/\(id)/cancel").status == 409)
            try await waitUntil { try await !service.stepService.ledger.read({ try $0.entries(ofRun: id) }).isEmpty }
            #expect(try await service.stepService.ledger.read { try $0.entries(ofRun: id) }.count == 1)
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
            #expect(try await service.json("GET", "/v1/jobs/\(id)").root["status"]?.string == "cancelled")
        }
    }
}
