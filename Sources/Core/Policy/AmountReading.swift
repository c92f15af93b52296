/// What a plan reads of an amount that is only predicted: money, time, energy.
package enum AmountReading: Hashable, Sendable {
    case mean
    /// The amount that this share of calls, at least 0.5 and below 1, does not exceed.
    case quantile(Double)
}
