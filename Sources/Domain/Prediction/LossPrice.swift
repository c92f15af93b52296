/// The price of lost quality for requests of one kind: a Lagrange multiplier, in multiples of a usual call.
///
/// One lost right answer costs `multiple` times what the kind's best model usually takes. A cheaper model is worth its
/// loss where loss x multiple is below the share of the cost that it saves.
package struct LossPrice: Hashable, Sendable {
    /// Price of one lost right answer, in usual costs of the kind's best model. 0 or more; infinite for "never lose".
    package var multiple: Double

    /// The price without any fitted one: a lost point is worth 30 % of a call.
    package static let standard = 30.0
    /// A multiple from which quality alone decides.
    package static let greatest = 1e6

    package init(multiple: Double) {
        self.multiple = multiple.isNaN ? Self.standard : min(max(multiple, 0), Self.greatest)
    }

    /// The price for a dial without a fitted curve: twice the loss, half the price.
    package init(unfittedFor maxLoss: Double) {
        guard maxLoss > 0 else {
            self.init(multiple: Self.greatest)
            return
        }
        self.init(multiple: maxLoss >= 1 ? 0 : Self.standard * Policy.standardMaxLoss / maxLoss)
    }
}
