import Calls
import Dialects
import Domain
import JSON
import Ledger
import Logging
import Routing
import Steps
import Upstream

/// The calls of a provider group: its rows are reserved, submitted, polled, read and booked.
struct ProviderCall: Sendable {
    enum Opening: Sendable {
        case opened(ProviderGroup)
        /// A budget has no room for all rows. Nothing was reserved.
        case unpaid(BudgetRefusal)
        case broken(any Error)
    }

    let runner: BatchRunner
    /// The group's model with the price of its reservations.
    let model: PricedModel
    /// All models of the batch, for the decisions and the baseline.
    let models: [PricedModel]

    /// Members of a row's body that a provider batch does not accept: the batch is a service tier itself.
    private static let removedMembers = ["hera", "service_tier"]

    var endpoint: Endpoint { model.model.endpoint }
    /// What enters the provider. Throws where its key cannot be had.
    func credentials() async throws(UpstreamError) -> Credentials {
        try await runner.stepService.calls.keys.credentials(for: endpoint.access)
    }

    /// The error without the provider's secrets.
    func plain(_ error: UpstreamError) -> UpstreamError {
        error.without(secrets: runner.stepService.calls.keys.secrets(of: endpoint.access))
    }
    var upstream: UpstreamClient { runner.stepService.calls.upstream }
    var batch: BatchRecord { runner.batch }

    // MARK: Opening

    /// Moves claimed rows to a new group, each reserved at its highest possible bill at batch prices.
    func open(lines: [Int64]) async -> Opening {
        let now = Timestamp.now()
        let group = ProviderGroup(
            name: Identifier.make("hera").replacing("_", with: "-"), batchID: batch.id, model: model.model.id,
            rows: lines.count, createdAt: now)
        do {
            var rows: [GroupRow] = []
            for piece in BatchRunner.pieces(of: lines) {
                for row in try await runner.rows(piece) {
                    let bill = try bill(row, in: group)
                    rows.append(
                        GroupRow(
                            line: row.line,
                            reservation: ReservationRequest(
                                id: Self.id(row.line, in: group), at: now, call: bill.planned(baseline: nil),
                                upperBound: bill.upperBound)))
                }
            }
            let opened = rows
            _ = try await runner.ledger.write { try $0.openGroup(group, rows: opened, of: batch) }
            return .opened(group)
        } catch {
            if let refusal = (error as? LedgerError)?.refusal { return .unpaid(refusal) }
            return .broken(error)
        }
    }

    /// The id of a row's reservation and entry, and its name at the provider.
    static func id(_ line: Int64, in group: ProviderGroup) -> String {
        ProviderBatchSubmission.customID(of: Int(line), in: group.name)
    }

    func prepared(_ row: BatchRow, in group: ProviderGroup) throws -> PreparedStep {
        let forecast = try runner.stepService.forecast(
            row, terms: runner.terms, atProviderOf: model, models: models, caller: runner.caller)
        return forecast.prepared(
            model.model.id, decisionID: "dec_\(Self.id(row.line, in: group))", attribution: batch.attribution)
    }

    func bill(_ row: BatchRow, in group: ProviderGroup) throws -> Bill {
        // A provider bills answers of its batch interface at batch prices, even where they name another tier.
        Bill(prepared: try prepared(row, in: group), priced: model, served: .batch)
    }

    // MARK: Performing

    /// Performs an action of the group's machine. Throws errors of the ledger, which the machine does not handle.
    func perform(
        _ action: ProviderGroupMachine.Action, on group: ProviderGroup
    ) async throws -> ProviderGroupMachine.Event {
        switch action {
        case .send: try await send(group)
        case .collect(let batch): try await collect(batch, of: group)
        case .close(let rest, let reason): try await runner.close(group, rest, reason)
        case .find, .poll, .cancel: await ask(action, group)
        }
    }

    private func ask(_ action: ProviderGroupMachine.Action, _ group: ProviderGroup) async -> ProviderGroupMachine.Event
    {
        let id = group.providerID ?? ""
        do throws(UpstreamError) {
            switch action {
            case .find: return .found(try await find(group))
            case .cancel:
                return .seen(
                    try await upstream.cancelBatch(id, endpoint: endpoint, credentials: try await credentials()))
            case .send, .poll, .collect, .close:
                return .seen(try await upstream.batch(id, endpoint: endpoint, credentials: try await credentials()))
            }
        } catch {
            return .failed(plain(error))
        }
    }

    private func find(_ group: ProviderGroup) async throws(UpstreamError) -> ProviderBatch? {
        // If the provider keeps no names, the batches of other groups are excluded by their ids.
        let known = (try? await runner.stepService.ledger.read { try $0.groups(ofBatch: batch.id) }) ?? []
        // A request of a dead process may still be under way, so it is looked for twice, 12 polls apart.
        let settling = Duration.seconds(12 * runner.stepService.settings.limits.providerPollSeconds)
        let trace = LostProviderBatch(
            name: group.name, rows: group.rows, since: group.createdAt, others: Set(known.compactMap(\.providerID)),
            settling: settling)
        switch try await upstream.find(trace, endpoint: endpoint, credentials: try await credentials()) {
        case .found(let batch): return batch
        case .absent: return nil
        case .undecided(let batches): throw .undecided(batches: batches)
        }
    }

    private func send(_ group: ProviderGroup) async throws -> ProviderGroupMachine.Event {
        var rows: [ProviderBatchRow] = []
        var last: Int64 = 0
        while true {
            let behind = last
            let piece = try await runner.ledger.read {
                try $0.rows(ofGroup: group.name, after: behind, limit: BatchRunner.rowsAtOnce)
            }
            for row in piece {
                guard let body = try? JSONDocument(row.request) else { continue }
                rows.append(
                    ProviderBatchRow(
                        customID: Self.id(row.line, in: group), body: body,
                        maximumOutputTokens: model.model.maxOutputTokens))
            }
            guard let line = piece.last?.line else { break }
            last = line
        }
        do throws(UpstreamError) {
            return .sent(
                try await upstream.submit(
                    ProviderBatchSubmission(
                        endpoint: endpoint, credentials: try await credentials(), name: group.name, rows: rows,
                        removedMembers: Self.removedMembers)))
        } catch {
            return .failed(plain(error))
        }
    }
}
