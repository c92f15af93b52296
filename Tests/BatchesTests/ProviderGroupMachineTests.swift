import Domain
import Ledger
import TestSupport
import Testing
import Upstream

@testable import Batches
@testable import Dialects

@Suite("The life of a group of rows at a provider")
struct GroupCourseTests {
    private static let lost = UpstreamError.reset(host: "h", bytesReceived: 0)

    private static func status(_ status: Int, retryAfter: Double? = nil) -> UpstreamError {
        .status(
            UpstreamFailure(
                status: status, code: nil, message: "no", retryAfterSeconds: retryAfter, isRetryable: status == 429))
    }

    private static func seen(_ phase: ProviderBatch.Phase, completed: Int = 0) -> ProviderBatch {
        ProviderBatch(id: "batch_1", phase: phase, completed: completed, failed: 0, total: 4)
    }

    private static func course(_ phase: ProviderGroup.Phase = .opened) -> ProviderGroupMachine {
        var group = ProviderGroup(
            name: "g", batchID: "b", model: ModelID("m"), rows: 4, phase: phase,
            createdAt: Timestamp(milliseconds: 0))
        if ![.opened, .sending].contains(phase) { group.providerID = "batch_1" }
        return ProviderGroupMachine(group, pollSeconds: 4)
    }

    private static func harvest(_ answered: Int, unreadable: Int = 0) -> ProviderGroupMachine.GroupResults {
        var harvest = ProviderGroupMachine.GroupResults()
        harvest.answered = answered
        harvest.unreadable = unreadable
        return harvest
    }

    /// Feeds events; the actions that were asked for before each, and the one after the last.
    private func play(
        _ course: inout ProviderGroupMachine, _ events: [ProviderGroupMachine.Event]
    ) throws -> [ProviderGroupMachine.Action] {
        var actions: [ProviderGroupMachine.Action] = []
        for event in events {
            let next = course.next()
            let action = try #require(next?.action)
            actions.append(action)
            course.handle(event, after: action)
        }
        if let last = course.next()?.action { actions.append(last) }
        return actions
    }

    @Test("it is written as sending before it is sent, asked after, read, and closed")
    func happyPath() throws {
        var course = Self.course()
        let first = course.next()
        #expect(first?.action == .send && first?.pause == 0)
        #expect(course.group.phase == .sending)
        let ended = Self.seen(.ended, completed: 4)
        let actions = try play(
            &course, [.sent(Self.seen(.underWay)), .seen(ended), .collected(Self.harvest(4)), .closed])
        #expect(actions == [.send, .look, .collect(ended), .close(.unbilled, words: nil)])
        #expect(course.isClosed && course.group.phase == .closed && course.group.providerID == "batch_1")
        #expect(course.next() == nil)
    }

    @Test("pauses between looks grow by half up to a minute")
    func pauses() {
        var course = Self.course(.sent)
        var pauses: [Double] = []
        for _ in 0..<9 {
            let next = course.next()
            pauses.append(next?.pause ?? 0)
            course.handle(.seen(Self.seen(.underWay)), after: .look)
        }
        #expect(pauses == [4, 6, 9, 13.5, 20.25, 30.375, 45.5625, 60, 60])
    }

    @Test("one that may have been sent is looked for before it is sent again, after a lost answer and after a restart")
    func found() throws {
        var course = Self.course()
        let actions = try play(
            &course,
            [
                .failed(Self.lost), .failed(Self.status(503)), .found(nil), .failed(Self.lost),
                .found(Self.seen(.underWay)),
            ]
        )
        #expect(actions == [.send, .find, .find, .send, .find, .look])
        var restarted = Self.course(.sending)
        #expect(restarted.next()?.action == .find)
        restarted.handle(.failed(.undecided(batches: ["x"])), after: .find)
        #expect(restarted.next()?.action == .find, "undecided is not absent")
    }

    @Test("a refusal for now is waited for as long as the provider asks, and after eight the rows are called")
    func refusedForNow() throws {
        var course = Self.course()
        for attempt in 1...8 {
            let next = course.next()
            #expect(next?.action == .send, "attempt \(attempt)")
            if attempt > 1 { #expect((next?.pause ?? 0) >= 30) }
            course.handle(.failed(Self.status(429, retryAfter: 30)), after: .send)
        }
        #expect(course.next()?.action == .close(.unbilled, words: nil))
        #expect(course.trouble?.contains("could not be sent") == true)
    }

    @Test("a refusal for good, and a batch that fails as a whole, give the rows back unbilled")
    func refusedForGood() throws {
        var course = Self.course()
        #expect(try play(&course, [.failed(Self.status(400))]) == [.send, .close(.unbilled, words: nil)])
        var failed = Self.course(.sent)
        let actions = try play(&failed, [.seen(Self.seen(.failed(reason: "no such model")))])
        #expect(actions == [.look, .close(.unbilled, words: nil)])
        #expect(failed.trouble?.contains("no such model") == true)
    }

    @Test("errors of looks and of reading are waited out; results that break off are read again")
    func patience() throws {
        var course = Self.course(.sent)
        let ended = Self.seen(.expired, completed: 2)
        let actions = try play(
            &course,
            [
                .failed(Self.lost), .failed(Self.status(500)), .seen(ended), .interrupted(Self.harvest(1), Self.lost),
                .collected(Self.harvest(2)),
            ])
        #expect(
            actions == [.look, .look, .look, .collect(ended), .collect(ended), .close(.unbilled, words: nil)])
        #expect(course.group.phase == .ended)
    }

    @Test("one that the provider does not know three times in a row is lost, and booked with words")
    func forgotten() throws {
        var course = Self.course(.sent)
        let missing = ProviderGroupMachine.Event.failed(Self.status(404))
        _ = try play(&course, [missing, missing, .seen(Self.seen(.underWay)), missing, missing, missing])
        let last = course.next()?.action
        guard case .close(.uncertain, words: let words?) = last else {
            Issue.record("\(String(describing: last))")
            return
        }
        #expect(words.contains("does not know the batch batch_1") && words.contains("upper bound"))
    }

    @Test(
        "rows without a result are unbilled, unless a line cannot be read or more were answered than were read",
        arguments: [(4, 0, 4), (2, 0, 2), (3, 1, 3), (1, 0, 2)])
    func rest(answered: Int, unreadable: Int, completed: Int) throws {
        var course = Self.course(.sent)
        let ended = Self.seen(.ended, completed: completed)
        let actions = try play(
            &course, [.seen(ended), .collected(Self.harvest(answered, unreadable: unreadable))])
        let isUncertain = unreadable > 0 || answered < completed
        #expect(actions.last == .close(isUncertain ? .uncertain : .unbilled, words: nil))
    }

    @Test("wound up: not sent is not sent, sent is cancelled and then read")
    func windUp() throws {
        var fresh = Self.course()
        fresh.windUp()
        #expect(fresh.next()?.action == .close(.unbilled, words: nil))

        var unsure = Self.course(.sending)
        unsure.windUp()
        #expect(
            try play(&unsure, [.found(nil)]) == [.find, .close(.unbilled, words: nil)], "what is absent is not sent")

        var sent = Self.course(.sent)
        sent.windUp()
        let ended = Self.seen(.cancelled, completed: 1)
        let actions = try play(
            &sent,
            [
                .failed(Self.lost), .seen(Self.seen(.cancelling)), .seen(Self.seen(.cancelling)), .seen(ended),
                .collected(Self.harvest(1)), .closed,
            ])
        #expect(actions == [.cancel, .cancel, .look, .look, .collect(ended), .close(.unbilled, words: nil)])

        var justEnded = Self.course(.sent)
        justEnded.windUp()
        #expect(try play(&justEnded, [.failed(Self.status(409))]) == [.cancel, .look])
    }

    @Test(
        "one whose model the catalog has no more ends: unbilled where nothing was sent, else uncertain",
        arguments: [
            (ProviderGroup.Phase.opened, UnfinishedRows.unbilled), (.sending, .uncertain), (.sent, .uncertain),
            (.cancelling, .uncertain), (.ended, .uncertain),
        ])
    func modelGone(phase: ProviderGroup.Phase, rest: UnfinishedRows) throws {
        var course = Self.course(phase)
        course.windUp()
        course.giveUp()
        #expect(try play(&course, [.closed]) == [.close(rest, words: nil)])
        #expect(course.isClosed && course.trouble?.contains("no model 'm' any more") == true)
    }

    @Test("a provider that is away for good while a batch is wound up does not hold it for ever")
    func away() {
        var course = Self.course(.cancelling)
        course.windUp()
        var looks = 0
        while course.next()?.action == .look, looks < 100 {
            course.handle(.failed(Self.lost), after: .look)
            looks += 1
        }
        #expect(looks == ProviderGroupMachine.mostFailures)
        #expect(course.next()?.action == .close(.uncertain, words: nil))
    }
}
