import Domain
import Ledger
import Routing
import Upstream

/// Second requests beside slow ones.
extension PaidCall {
    fileprivate enum Race: Sendable {
        case ended(Result)
        case late
    }

    /// Tries an endpoint, and where that is slow and the policy allows it, a second request beside it. The answer that
    /// begins first counts. The other request is broken off and booked as what may have been billed.
    ///
    /// - Returns: the result, and the names of the endpoints that were asked.
    func raced(_ choice: EndpointChoice) async -> (result: Result, tried: [String]) {
        guard let hedge, hasClient, priced.model.slots == nil || priced.model.endpoints.count > 1,
            let seconds = calls.registry.hedgeWait(priced.model.id, by: hedge, isStream: isStream)
        else { return (await attempts(at: choice), [choice.endpoint.name]) }
        let gate = HedgeGate()
        return await withTaskGroup(of: Race.self) { group in
            group.addTask { .ended(await racer(0, choice, gate)) }
            group.addTask {
                try? await Task.sleep(for: .seconds(seconds))
                return .late
            }
            var failed: Result?
            var tried = [choice.endpoint.name]
            var running = 1
            while let event = await group.next() {
                switch event {
                case .late:
                    guard running > 0, gate.isOpen, !Task.isCancelled, let other = second(beside: choice) else {
                        continue
                    }
                    running += 1
                    if !tried.contains(other.endpoint.name) { tried.append(other.endpoint.name) }
                    group.addTask { .ended(await racer(1, other, gate)) }
                case .ended(let result):
                    running -= 1
                    if case .answered = result {
                        group.cancelAll()
                        return (result, tried)
                    }
                    failed = result.outweighs(failed) ? result : failed
                    // A failure needs no second request: another endpoint or model is asked.
                    if running == 0 { group.cancelAll() }
                }
            }
            return (failed ?? notMade(.cancelled), tried)
        }
    }

    private func racer(_ number: Int, _ choice: EndpointChoice, _ gate: HedgeGate) async -> Result {
        await gate.run(number) { await attempts(at: choice, claim: { gate.claim(number) }) } ?? notMade(.cancelled)
    }

    /// Where a second request goes: to another endpoint if there is one; nil where the share is used up or none has room.
    private func second(beside first: EndpointChoice) -> EndpointChoice? {
        guard calls.registry.takeHedge(priced.model.id) else { return nil }
        let others = priced.model.endpoints.count > 1 ? Set([first.endpoint.name]) : []
        return try? calls.registry.choose(
            priced.model, for: planned.runID, tokens: Int(clamping: upperBound.tokens), excluding: others,
            heedsRest: true, movesRun: false, at: .now()
        ).get()
    }
}

extension PaidCall.Result {
    /// Whether this failure says more than another one of the same call: breaking off says nothing, and neither does a
    /// budget without room for a second request.
    fileprivate func outweighs(_ other: Self?) -> Bool {
        switch self {
        case .unpaid, .failed(.cancelled, _): other == nil
        default: true
        }
    }
}
