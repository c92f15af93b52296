import Dispatch
import Domain
import Foundation
import Ledger
import Routing
import ScriptedUpstream
import Steps
import Synchronization
import Testing

@Suite("Flushes of the ledger beside a call over HTTP")
struct DurabilityTests {
    /// Holds back every flush until it is opened.
    private final class Disk: Sendable {
        private let gate = DispatchSemaphore(value: 0)
        private let isOpen = Atomic<Bool>(false)
        let flushes = Atomic<Int>(0)

        var points: FaultPoints {
            FaultPoints { [self] point throws(LedgerError) in
                if point == "flush", !isOpen.load(ordering: .acquiring) { gate.wait() }
                if point == "flushed" { flushes.add(1, ordering: .acquiringAndReleasing) }
            }
        }

        func open() {
            isOpen.store(true, ordering: .releasing)
            gate.signal()
        }
    }

    private static let usage = ScriptedUsage(promptTokens: 100, completionTokens: 10)

    @Test(
        "the model is asked while the reservation's flush is under way, and the answer follows the flush",
        arguments: [false, true])
    func overlap(isStream: Bool) async throws {
        let disk = Disk()
        let asked = Mutex<[Int]>([])
        try await ScriptedUpstream.with { request in
            if request.method == "GET" { return .models(TestModels.served) }
            asked.withLock { $0.append(disk.flushes.load(ordering: .acquiring)) }
            disk.open()
            return isStream ? .stream(["4"], usage: Self.usage) : .completion("4", usage: Self.usage)
        } _: { models async throws in
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hera-\(UUID())")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let ledger = try LedgerStore.open(
                "sqlite:\(folder.path)/ledger.sqlite", faults: disk.points, durability: .normal)
            try await TestService.run(
                models, ledger: ledger, settings: Settings(), key: nil, estimator: PriorEstimator()
            ) { service async throws in
                let answer = try await service.send(
                    "POST", "/v1/chat/completions",
                    body: #"{"model":"test/cheap","stream":\#(isStream),"messages":[{"role":"user","content":"2+2?"}]}"#
                )
                #expect(answer.status == 200)
                #expect(answer.text.contains("4"))
                #expect(disk.flushes.load(ordering: .acquiring) > 0)
                let open = try await service.stepService.ledger.read { try $0.openReservations() }
                #expect(open.isEmpty)
            }
            await ledger.close()
        }
        #expect(asked.withLock { $0 } == [0])
    }
}
