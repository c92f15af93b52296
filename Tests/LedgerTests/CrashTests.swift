import Core
import Foundation
import Testing

@testable import Ledger

/// A second process writes, is killed in the middle, and the ledger is opened again.
@Suite struct CrashTests {
    /// The program lies next to the tests.
    private static let crasher = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("LedgerCrasher")

    /// More for a long run: HERA_CHAOS_ROUNDS.
    private static let rounds = ProcessInfo.processInfo.environment["HERA_CHAOS_ROUNDS"].flatMap { Int($0) } ?? 8

    @Test(
        "after kill -9 at any moment nothing acknowledged is lost and nothing is half there",
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: crasher.path),
            "LedgerCrasher is not built next to the tests"))
    func kill() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        var acknowledged: [String] = []
        var generator = SystemRandomNumberGenerator()
        for round in 0..<Self.rounds {
            let process = Process()
            process.executableURL = Self.crasher
            process.arguments = [place.path, "round\(round)"]
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            // The first line says that it writes; some rounds kill before that.
            var text = round % 4 == 3 ? Data() : output.fileHandleForReading.availableData
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...60, using: &generator)))
            Foundation.kill(process.processIdentifier, SIGKILL)
            text += try output.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            acknowledged += String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
            try await check(place, acknowledged, round: round)
        }
        #expect(acknowledged.count > Self.rounds, "too few steps for the test to say anything")
    }

    private func check(_ place: TemporaryLedger, _ acknowledged: [String], round: Int) async throws {
        let ledger = try place.open()
        _ = try await ledger.recover(at: .now())
        #expect(try await ledger.openReservations().isEmpty)
        #expect(try await ledger.verify().differences == [])
        var entries: Set<String> = []
        var steps: Set<String> = []
        var events: Set<String> = []
        for job in try await ledger.jobs(in: [], limit: 1000) {
            let booked = try await ledger.entries(ofRun: job.id).filter { $0.kind == .call }
            entries.formUnion(booked.map(\.id))
            steps.formUnion(try await ledger.steps(ofRun: job.id).map(\.id))
            let told = try await ledger.events(ofJob: job.id, after: 0)
            #expect(told.map(\.sequence) == (1...Int64(max(told.count, 1))).map { $0 })
            events.formUnion(told.map { String(decoding: $0.event.data, as: UTF8.self) })
            #expect(told.last.map(\.event.data) == job.state)
        }
        #expect(entries == steps)
        #expect(entries == events)
        #expect(entries.isSuperset(of: acknowledged), "round \(round)")
        await ledger.close()
    }
}
