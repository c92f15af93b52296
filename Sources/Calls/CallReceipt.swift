package import Domain
package import Ledger
package import Logging
import Routing
import Upstream

/// The start of a paid call's try: where it goes, and what is reserved for it.
struct CallStart: Sendable {
    let endpoint: Endpoint
    let at = ContinuousClock.now
    /// Has to be on disk before anything of the answer is passed on (`CallExecutor.waitForDisk`).
    let reservation: Reservation
    /// Asked before anything of the answer is passed on; false where another request has it. Nil for a single request.
    var claim: (@Sendable () -> Bool)?
    /// The place in a distributed trace that the server is told; nil for none.
    var trace: TraceContext?

    /// Throws where another request for the same answer was faster.
    func take() throws(UpstreamError) {
        guard claim?() ?? true else { throw .cancelled }
    }
}

/// An answered call that is still reserved, with what the ledger entry needs of it.
struct CallReceipt: Sendable {
    let reservation: ReservationRequest
    let model: Model
    /// The name of the endpoint that answered; nil where the model has one only.
    let endpoint: String?
    let seconds: Double
    /// Joules by this machine's counter; nil without a counter, or if the model runs elsewhere.
    let joules: Double?
    /// The call's span, which ends with its entry.
    let span: CallSpan?

    /// The entry that settles the reservation.
    func entry(
        _ used: PricedUsage, kind: EntryKind, call: PlannedCall, servedModel: String?,
        firstTokenSeconds: Double? = nil, outcome: CallOutcome = .completed
    ) -> LedgerEntry {
        LedgerEntry(
            id: reservation.id, at: .now(), kind: kind, call: call,
            result: CallResult(
                servedModel: servedModel, usage: used.usage, figures: used.figures,
                energyProvenance: joules == nil ? model.energy?.provenance ?? .estimated : .measured,
                firstTokenSeconds: firstTokenSeconds, outcome: outcome, httpStatus: 200))
    }
}

/// The usage of a finished call with its price.
package struct PricedUsage: Sendable {
    package let usage: Usage
    package let figures: CallFigures
    /// False if a part is an estimate, or the catalog has no price for it.
    package let isCertain: Bool

    /// Prices a usage. One without a price costs the upper bound, never zero.
    ///
    /// - Parameter isCounted: whether the server counted all of it; else a part is an estimate.
    package init(
        _ usage: Usage, isCounted: Bool, model: ModelID, upperBound: Amounts, seconds: Double, logger: Logger,
        price: (Usage) throws(PriceError) -> CallFigures
    ) {
        self.usage = usage
        do throws(PriceError) {
            figures = try price(usage)
            isCertain = isCounted
        } catch {
            logger.error("unpriced usage", metadata: ["model": "\(model)", "reason": "\(error)"])
            figures = CallFigures(atMost: upperBound, latencySeconds: seconds)
            isCertain = false
        }
    }
}
