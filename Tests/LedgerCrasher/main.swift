// A process that books steps until it is killed: `LedgerCrasher LOCATION NAME [POINT] [normal]`.
//
// With POINT it kills itself behind that many fault points of the write path. It writes the id of each acknowledged
// step to standard output, so that a test can check that none is lost. With `normal` its steps are those of chat calls,
// which belong to no job and are answered before their flush.
import Domain
import Foundation
import Ledger
import Synchronization

guard CommandLine.arguments.count >= 3 else {
    FileHandle.standardError.write(Data("usage: LedgerCrasher LOCATION NAME [POINT] [normal]\n".utf8))
    exit(64)
}
let reached = Atomic<Int>(0)
let last = CommandLine.arguments.dropFirst(3).compactMap { Int($0) }.first ?? .max
let durability = CommandLine.arguments.dropFirst(3).contains("normal") ? Durability.normal : .strict
let faults = FaultPoints { _ in
    if reached.add(1, ordering: .relaxed).newValue > last { kill(getpid(), SIGKILL) }
}
let ledger = try LedgerStore.open(
    CommandLine.arguments[1], faults: faults, entriesBetweenRollups: 8, durability: durability)
let name = CommandLine.arguments[2]
_ = try await ledger.recover(at: .now())
try await ledger.write { try $0.setBudget(Budget(scope: .global, limit: .usd(Money(nanoUSD: .max))), at: .now()) }

/// One step: a reservation, then everything that the end of a step writes.
@Sendable func step(_ id: String, worker: Int) async throws {
    let now = Timestamp.now()
    let job = "\(name)-\(worker)"
    let figures = CallFigures(
        cost: CallCost(api: Money(nanoUSD: 700), energy: .zero, hardware: .zero), energyJoules: 1, latencySeconds: 0.1)
    let call = PlannedCall(
        runID: job, attribution: Attribution(key: "key", job: durability == .strict ? job : nil),
        model: ModelID("a/small"), provider: "a",
        placement: .cloud, catalogVersion: "1", predicted: figures)
    _ = try await ledger.reserve(
        ReservationRequest(id: id, at: now, call: call, upperBound: Amounts(money: Money(nanoUSD: 1000))))
    let entry = LedgerEntry(
        id: id, at: now, call: call, result: CallResult(usage: Usage(input: 10, output: 5), figures: figures))
    var commit = StepCommit(
        settlements: [(id, entry)],
        steps: [StepRecord(id: id, runID: job, position: 1, entryID: id, detail: Array("{}".utf8), at: now)])
    if durability == .strict {
        commit.job = JobRecord(
            id: job, status: .running, spec: [], state: Array(id.utf8), createdAt: now, updatedAt: now)
        commit.events = [NewJobEvent(jobID: job, type: "step", data: Array(id.utf8), at: now)]
    }
    _ = try await ledger.commitStep(commit)
}

try await withThrowingTaskGroup(of: Void.self) { group in
    for worker in 0..<8 {
        group.addTask {
            for number in 0... {
                let id = "\(name)-\(worker)-\(number)"
                try await step(id, worker: worker)
                // One write per line, so that a kill leaves whole lines.
                FileHandle.standardOutput.write(Data("\(id)\n".utf8))
            }
        }
    }
    try await group.waitForAll()
}
