import Dispatch
import Domain
import Foundation
import Synchronization
import Testing

@testable import Ledger

/// Money operations are answered at their commit, and flushed beside the call's other work.
@Suite struct DurabilityTests {
    /// Holds flushes back while it is closed, and copies the database's files behind the first flush.
    private final class Disk: Sendable {
        private let place: TemporaryLedger
        private let copy: TemporaryLedger?
        private let gate = DispatchSemaphore(value: 0)
        private let isOpen: Atomic<Bool>
        private let hasCopied = Atomic<Bool>(false)
        let flushes = Atomic<Int>(0)

        init(_ place: TemporaryLedger, copyingTo copy: TemporaryLedger? = nil, isOpen: Bool = true) {
            self.place = place
            self.copy = copy
            self.isOpen = Atomic(isOpen)
        }

        var points: FaultPoints {
            FaultPoints { [self] point throws(LedgerError) in
                if point == "flush", !isOpen.load(ordering: .acquiring) { gate.wait() }
                guard point == "flushed" else { return }
                flushes.add(1, ordering: .relaxed)
                if let copy, !hasCopied.exchange(true, ordering: .relaxed) { copyFiles(to: copy) }
            }
        }

        func open() {
            isOpen.store(true, ordering: .releasing)
            gate.signal()
        }

        /// What a machine that dies now leaves behind.
        private func copyFiles(to copy: TemporaryLedger) {
            for end in ["", "-wal"] {
                try? FileManager.default.copyItem(atPath: place.path + end, toPath: copy.path + end)
            }
        }
    }

    /// Fails the first flush, once two groups are committed. Later ones succeed, as they may after a failed one.
    private final class FailingOnce: Sendable {
        private let error: LedgerError
        private let commits = Atomic<Int>(0)
        private let hasFailed = Atomic<Bool>(false)
        private let isSecondCommitted = DispatchSemaphore(value: 0)

        init(_ error: LedgerError) { self.error = error }

        var points: FaultPoints {
            FaultPoints { [self] point throws(LedgerError) in
                if point == "committed", commits.add(1, ordering: .relaxed).newValue == 2 { isSecondCommitted.signal() }
                guard point == "flush", !hasFailed.exchange(true, ordering: .relaxed) else { return }
                isSecondCommitted.wait()
                throw error
            }
        }
    }

    private static func open(_ place: TemporaryLedger, _ disk: Disk) throws -> LedgerStore {
        try LedgerStore.open("sqlite:\(place.path)", faults: disk.points, durability: .normal)
    }

    @Test("a reservation and its settlement are answered while the disk is busy, and a wait ends with the flush")
    func early() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let disk = Disk(place, isOpen: false)
        let ledger = try Self.open(place, disk)
        let reservation = try await ledger.reserve(Sample.request("r", nanoUSD: 500))
        #expect(reservation.flush != nil)
        let settlement = try await ledger.settle("r", Sample.entry("r", nanoUSD: 300))
        #expect(settlement.isRepeat == false)
        #expect(disk.flushes.load(ordering: .relaxed) == 0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await ledger.waitForDisk(reservation)
                #expect(disk.flushes.load(ordering: .relaxed) > 0)
            }
            disk.open()
            try await group.waitForAll()
        }
        // It is on disk by now, so this returns at once.
        try await ledger.waitForDisk(reservation)
        await ledger.close()
        let later = try place.open()
        #expect(try await later.read { try $0.entry("r") }?.kind == .call)
        await later.close()
    }

    @Test("strict durability answers nothing before its flush, and a reservation then has nothing to wait for")
    func strict() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let disk = Disk(place)
        let ledger = try LedgerStore.open("sqlite:\(place.path)", faults: disk.points)
        let reservation = try await ledger.reserve(Sample.request("r", nanoUSD: 500))
        #expect(reservation.flush == nil)
        #expect(disk.flushes.load(ordering: .relaxed) == 1)
        await ledger.close()
    }

    @Test("writes that hold more than money wait for the disk")
    func others() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let disk = Disk(place)
        let ledger = try Self.open(place, disk)
        let budget = Budget(scope: .global, limit: .usd(Money(nanoUSD: 900)))
        try await ledger.write { try $0.setBudget(budget, at: Sample.noon) }
        #expect(disk.flushes.load(ordering: .relaxed) == 1)
        await ledger.close()
    }

    @Test("a machine that dies between the flushes of a call leaves an uncertain entry at its upper bound")
    func machineDies() async throws {
        let place = try TemporaryLedger()
        let dead = try TemporaryLedger()
        defer {
            place.remove()
            dead.remove()
        }
        let ledger = try Self.open(place, Disk(place, copyingTo: dead))
        let reservation = try await ledger.reserve(Sample.request("r", nanoUSD: 500))
        try await ledger.waitForDisk(reservation)
        _ = try await ledger.settle("r", Sample.entry("r", nanoUSD: 300))
        await ledger.close()

        let rebooted = try dead.open()
        #expect(try await rebooted.read { try $0.openReservations() }.map(\.request.id) == ["r"])
        _ = try await rebooted.recover(at: Sample.noon)
        let entry = try #require(try await rebooted.read { try $0.entry("r") })
        #expect(entry.kind == .uncertain)
        #expect(entry.result.figures.cost.total == Money(nanoUSD: 500))
        #expect(try await rebooted.read { try $0.openReservations() }.isEmpty)
        #expect(try await rebooted.read { try $0.verify() }.differences == [])
        // Where the true cost is known after all, it corrects the entry.
        _ = try await rebooted.settle("r", Sample.entry("r", nanoUSD: 300))
        #expect(try await rebooted.read { try $0.verify() }.isSound)
        await rebooted.close()
    }

    @Test("a flush that fails behind an answer ends all writing, and the next start keeps the reservation or its entry")
    func lostWrites() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let lost = LedgerError.writesLost(database: place.path, detail: "Input/output error")
        let points = FaultPoints { point throws(LedgerError) in if point == "flush" { throw lost } }
        let ledger = try LedgerStore.open("sqlite:\(place.path)", faults: points, durability: .normal)
        let reservation = try await ledger.reserve(Sample.request("r", nanoUSD: 500))
        await #expect(throws: lost) { try await ledger.waitForDisk(reservation) }
        await #expect(throws: lost) { try await ledger.settle("r", Sample.entry("r", nanoUSD: 300)) }
        await #expect(throws: lost) { try await ledger.waitForDisk(reservation) }
        await ledger.close()

        let later = try place.open()
        _ = try await later.recover(at: Sample.noon)
        #expect(try await later.read { try $0.entry("r") }?.result.figures.cost.total == Money(nanoUSD: 500))
        #expect(try await later.read { try $0.verify() }.isSound)
        await later.close()
    }

    @Test("after a failed flush nothing counts as being on disk, though the next flush succeeds")
    func laterFlush() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let lost = LedgerError.writesLost(database: place.path, detail: "Input/output error")
        let ledger = try LedgerStore.open(
            "sqlite:\(place.path)", faults: FailingOnce(lost).points, durability: .normal)
        let reservation = try await ledger.reserve(Sample.request("r", nanoUSD: 500))
        let budget = Budget(scope: .global, limit: .usd(Money(nanoUSD: 900)))
        await #expect(throws: lost) { try await ledger.write { try $0.setBudget(budget, at: Sample.noon) } }
        await #expect(throws: lost) { try await ledger.waitForDisk(reservation) }
        await ledger.close()
    }
}
