import Domain
import Ledger
import TestSupport
import Testing
import Upstream

@testable import Batches
@testable import Dialects

@Suite("Provider group machine")
struct ProviderGroupMachineTests {
    private static let lost = UpstreamError.reset(host: "h", bytesReceived: 0)

    private static func status(_ status: Int, retryAfter: Double? = nil) -> UpstreamError {
        .status(
            UpstreamFailure(
                status: status, code: nil, message: "no", retryAfterSeconds: retryAfter, isRetryable: status == 429))
    }

    private static func seen(_ phase: ProviderBatch.Phase, completed: Int = 0) -> ProviderBatch {
        ProviderBatch(id: "batch_1", phase: phase, completed: completed, failed: 0, total: 4)
    }

    private static func machine(_ phase: ProviderGroup.Phase = .opened) -> ProviderGroupMachine {
        var group = ProviderGroup(
            name: "g", batchID: "b", model: ModelID("m"), rows: 4, phase: phase,
            createdAt: Timestamp(milliseconds: 0))
        if ![.opened, .sending].contains(phase) { group.providerID = "batch_1" }
        return ProviderGroupMachine(group, pollSeconds: 4)
    }

    private static func results(_ answered: Int, unreadable: Int = 0) -> ProviderGroupMachine.GroupResults {
        var results = ProviderGroupMachine.GroupResults()
        results.answered = answered
        results.unreadable = unreadable
        return results
    }

    /// Feeds events and collects the action before each event and after the last one.
    private func play(
        _ machine: inout ProviderGroupMachine, _ events: [ProviderGroupMachine.Event]
    ) throws -> [ProviderGroupMachine.Action] {
        var actions: [ProviderGroupMachine.Action] = []
        for event in events {
            let next = machine.next()
            let action = try #require(next?.action)
            actions.append(action)
            machine.handle(event, after: action)
        }
        if let last = machine.next()?.action { actions.append(last) }
        return actions
    }

    @Test("a group is saved as sending, sent, polled, collected and closed")
    func happyPath() throws {
        var machine = Self.machine()
        let first = machine.next()
        #expect(first?.action == .send && first?.pause == 0)
        #expect(machine.group.phase == .sending)
        let ended = Self.seen(.ended, completed: 4)
        let actions = try play(
            &machine, [.sent(Self.seen(.underWay)), .seen(ended), .collected(Self.results(4)), .closed])
        #expect(actions == [.send, .poll, .collect(ended), .close(.unbilled, message: nil)])
        #expect(machine.isClosed && machine.group.phase == .closed && machine.group.providerID == "batch_1")
        #expect(machine.next() == nil)
    }

    @Test("pauses between polls grow by half up to a minute")
    func pauses() {
        var machine = Self.machine(.sent)
        var pauses: [Double] = []
        for _ in 0..<9 {
            let next = machine.next()
            pauses.append(next?.pause ?? 0)
            machine.handle(.seen(Self.seen(.underWay)), after: .poll)
        }
        #expect(pauses == [4, 6, 9, 13.5, 20.25, 30.375, 45.5625, 60, 60])
    }

    @Test("a submission of unknown fate is looked up before a resend, after a lost response and after a restart")
    func found() throws {
        var machine = Self.machine()
        let actions = try play(
            &machine,
            [
                .failed(Self.lost), .failed(Self.status(503)), .found(nil), .failed(Self.lost),
                .found(Self.seen(.underWay)),
            ]
        )
        #expect(actions == [.send, .find, .find, .send, .find, .poll])
        var restarted = Self.machine(.sending)
        #expect(restarted.next()?.action == .find)
        restarted.handle(.failed(.undecided(batches: ["x"])), after: .find)
        #expect(restarted.next()?.action == .find, "undecided is not absent")
    }

    @Test("a temporary refusal waits for Retry-After, and after eight refusals the rows become ordinary calls")
    func refusedForNow() throws {
        var machine = Self.machine()
        for attempt in 1...8 {
            let next = machine.next()
            #expect(next?.action == .send, "attempt \(attempt)")
            if attempt > 1 { #expect((next?.pause ?? 0) >= 30) }
            machine.handle(.failed(Self.status(429, retryAfter: 30)), after: .send)
        }
        #expect(machine.next()?.action == .close(.unbilled, message: nil))
        #expect(machine.trouble?.contains("could not be sent") == true)
    }

    @Test("a permanent refusal and a failed batch return the rows unbilled")
    func refusedForGood() throws {
        var machine = Self.machine()
        #expect(try play(&machine, [.failed(Self.status(400))]) == [.send, .close(.unbilled, message: nil)])
        var failed = Self.machine(.sent)
        let actions = try play(&failed, [.seen(Self.seen(.failed(reason: "no such model")))])
        #expect(actions == [.poll, .close(.unbilled, message: nil)])
        #expect(failed.trouble?.contains("no such model") == true)
    }

    @Test("poll and read errors are retried, and interrupted results are read again")
    func patience() throws {
        var machine = Self.machine(.sent)
        let ended = Self.seen(.expired, completed: 2)
        let actions = try play(
            &machine,
            [
                .failed(Self.lost), .failed(Self.status(500)), .seen(ended), .interrupted(Self.results(1), Self.lost),
                .collected(Self.results(2)),
            ])
        #expect(
            actions == [.poll, .poll, .poll, .collect(ended), .collect(ended), .close(.unbilled, message: nil)])
        #expect(machine.group.phase == .ended)
    }

    @Test("three consecutive not-found responses mark a batch as lost, with a message")
    func forgotten() throws {
        var machine = Self.machine(.sent)
        let missing = ProviderGroupMachine.Event.failed(Self.status(404))
        _ = try play(&machine, [missing, missing, .seen(Self.seen(.underWay)), missing, missing, missing])
        let last = machine.next()?.action
        guard case .close(.uncertain, message: let message?) = last else {
            Issue.record("\(String(describing: last))")
            return
        }
        #expect(message.contains("does not know the batch batch_1") && message.contains("upper bound"))
    }

    @Test(
        "rows without a result are unbilled, unless a line cannot be read or more were answered than were read",
        arguments: [(4, 0, 4), (2, 0, 2), (3, 1, 3), (1, 0, 2)])
    func rest(answered: Int, unreadable: Int, completed: Int) throws {
        var machine = Self.machine(.sent)
        let ended = Self.seen(.ended, completed: completed)
        let actions = try play(
            &machine, [.seen(ended), .collected(Self.results(answered, unreadable: unreadable))])
        let isUncertain = unreadable > 0 || answered < completed
        #expect(actions.last == .close(isUncertain ? .uncertain : .unbilled, message: nil))
    }

    @Test("winding up never sends an unsent group, and cancels then collects a sent one")
    func windUp() throws {
        var fresh = Self.machine()
        fresh.windUp()
        #expect(fresh.next()?.action == .close(.unbilled, message: nil))

        var unsure = Self.machine(.sending)
        unsure.windUp()
        #expect(
            try play(&unsure, [.found(nil)]) == [.find, .close(.unbilled, message: nil)], "what is absent is not sent")

        var sent = Self.machine(.sent)
        sent.windUp()
        let ended = Self.seen(.cancelled, completed: 1)
        let actions = try play(
            &sent,
            [
                .failed(Self.lost), .seen(Self.seen(.cancelling)), .seen(Self.seen(.cancelling)), .seen(ended),
                .collected(Self.results(1)), .closed,
            ])
        #expect(actions == [.cancel, .cancel, .poll, .poll, .collect(ended), .close(.unbilled, message: nil)])

        var justEnded = Self.machine(.sent)
        justEnded.windUp()
        #expect(try play(&justEnded, [.failed(Self.status(409))]) == [.cancel, .poll])
    }

    @Test(
        "a group without its model in the catalog closes, unbilled if unsent, else uncertain",
        arguments: [
            (ProviderGroup.Phase.opened, UnfinishedRows.unbilled), (.sending, .uncertain), (.sent, .uncertain),
            (.cancelling, .uncertain), (.ended, .uncertain),
        ])
    func modelGone(phase: ProviderGroup.Phase, rest: UnfinishedRows) throws {
        var machine = Self.machine(phase)
        machine.windUp()
        machine.abandon()
        #expect(try play(&machine, [.closed]) == [.close(rest, message: nil)])
        #expect(machine.isClosed && machine.trouble?.contains("no model 'm' any more") == true)
    }

    @Test("winding up ends despite an unreachable provider")
    func away() {
        var machine = Self.machine(.cancelling)
        machine.windUp()
        var looks = 0
        while machine.next()?.action == .poll, looks < 100 {
            machine.handle(.failed(Self.lost), after: .poll)
            looks += 1
        }
        #expect(looks == ProviderGroupMachine.mostFailures)
        #expect(machine.next()?.action == .close(.uncertain, message: nil))
    }
}
