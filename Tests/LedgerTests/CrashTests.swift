import Domain
import Foundation
import Testing

@testable import Ledger

/// A second process writes, is killed in the middle, and the ledger is opened again.
@Suite struct CrashTests {
    /// The program lies next to the tests.
    private static let crasher = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("LedgerCrasher")

    private static let isBuilt = FileManager.default.isExecutableFile(atPath: crasher.path)
    private static let isLong = ProcessInfo.processInfo.environment["HERA_CHAOS"] == "1"

    /// Kills at random times, and at points of the write path: each of the first ones, then random ones.
    private static func deaths(
        times: Int, milliseconds: ClosedRange<Int>, points: ClosedRange<Int>, random: Int
    ) -> [Death] {
        (0..<times).map { .time(milliseconds: .random(in: milliseconds), waits: $0 % 4 != 3) }
            + points.map { .point($0) }
            + (0..<random).map { _ in .point(.random(in: points.upperBound...points.upperBound * 40)) }
    }

    private enum Death {
        /// A time after the first line, which shows that it writes (or after the start).
        case time(milliseconds: Int, waits: Bool)
        /// After so many fault points.
        case point(Int)
    }

    @Test(
        "after kill -9 at any moment no acknowledged write is lost and none is partial",
        .enabled(if: isBuilt, "LedgerCrasher is not built next to the tests"))
    func sqlite() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let deaths = Self.deaths(
            times: Self.isLong ? 60 : 4, milliseconds: 0...60, points: 1...(Self.isLong ? 120 : 14),
            random: Self.isLong ? 60 : 3)
        try await Self.killAll(deaths, location: "sqlite:\(place.path)")
    }

    @Test(
        "after kill -9 of a PostgreSQL client no acknowledged write is lost and none is partial",
        .enabled(if: isBuilt && TemporaryPostgreSQL.isAvailable, "no PostgreSQL server is here"))
    func postgreSQL() async throws {
        try await TemporaryPostgreSQL.with { server in
            let deaths = Self.deaths(
                times: Self.isLong ? 30 : 1, milliseconds: 100...500, points: 1...(Self.isLong ? 60 : 3),
                random: Self.isLong ? 60 : 2)
            try await Self.killAll(deaths, location: server.url)
        }
    }

    @Test(
        "after kill -9 nothing is lost that was answered before its flush",
        .enabled(if: isBuilt, "LedgerCrasher is not built next to the tests"))
    func unflushed() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let location = "sqlite:\(place.path)"
        let deaths = Self.deaths(
            times: Self.isLong ? 60 : 3, milliseconds: 0...60, points: 1...(Self.isLong ? 60 : 6),
            random: Self.isLong ? 60 : 3)
        var acknowledged: [String] = []
        for (round, death) in deaths.enumerated() {
            acknowledged += try await Self.run(
                until: death, name: "round\(round)", location: location, durability: "normal")
            let ledger = try LedgerStore.open(location)
            _ = try await ledger.recover(at: .now())
            #expect(try await ledger.read { try $0.openReservations() }.isEmpty)
            #expect(try await ledger.read { try $0.verify() }.differences == [])
            for id in acknowledged {
                #expect(try await ledger.read { try $0.entry(id) }?.kind == .call, "\(id)")
                #expect(try await ledger.read { try $0.step(id) } != nil, "\(id)")
            }
            await ledger.close()
        }
        #expect(acknowledged.count >= 3, "too few steps for the test to say anything")
    }

    private static func killAll(_ deaths: [Death], location: String) async throws {
        var acknowledged: [String] = []
        for (round, death) in deaths.enumerated() {
            acknowledged += try await run(until: death, name: "round\(round)", location: location)
            let ledger = try LedgerStore.open(location)
            try await check(ledger, acknowledged, round: round)
            await ledger.close()
        }
        #expect(acknowledged.count >= 3, "too few steps for the test to say anything")
        print("\(deaths.count) kills, \(acknowledged.count) acknowledged steps, none lost")
    }

    /// Starts a process, kills it, and returns what it had acknowledged.
    private static func run(
        until death: Death, name: String, location: String, durability: String? = nil
    ) async throws -> [String] {
        let process = Process()
        process.executableURL = crasher
        process.arguments = [location, name]
        if case .point(let point) = death { process.arguments?.append(String(point)) }
        if let durability { process.arguments?.append(durability) }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        var text = Data()
        if case .time(let milliseconds, let waits) = death {
            if waits { text = output.fileHandleForReading.availableData }
            try await Task.sleep(for: .milliseconds(milliseconds))
            Foundation.kill(process.processIdentifier, SIGKILL)
        }
        text += try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal)
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private static func check(_ ledger: LedgerStore, _ acknowledged: [String], round: Int) async throws {
        // A server may still be committing what its dead client had sent; the next recovery finds it.
        for _ in 0..<50 {
            _ = try await ledger.recover(at: .now())
            if try await ledger.read({ try $0.openReservations() }).isEmpty { break }
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(try await ledger.read { try $0.openReservations() }.isEmpty)
        #expect(try await ledger.read { try $0.verify() }.differences == [])
        var entries: Set<String> = []
        var steps: Set<String> = []
        var events: Set<String> = []
        for job in try await ledger.read({ try $0.jobs(in: [], limit: 10_000) }) {
            let booked = try await ledger.read { try $0.entries(ofRun: job.id) }.filter { $0.kind == .call }
            entries.formUnion(booked.map(\.id))
            steps.formUnion(try await ledger.read { try $0.steps(ofRun: job.id) }.map(\.id))
            let told = try await ledger.read { try $0.events(ofJob: job.id, after: 0) }
            #expect(told.map(\.sequence) == (1...Int64(max(told.count, 1))).map { $0 })
            events.formUnion(told.map { String(decoding: $0.event.data, as: UTF8.self) })
            #expect(told.last.map(\.event.data) == job.state)
        }
        #expect(entries == steps)
        #expect(entries == events)
        #expect(entries.isSuperset(of: acknowledged), "round \(round)")
    }
}
