import Crypto

/// The id of a batch that is named by what it asks: the same input with the same options is the same batch, whenever and
/// however often it is started.
package struct BatchIdentity: Sendable {
    private var hash = SHA256()

    /// - Parameter options: what makes another batch of the same input, such as the model asked for; in a fixed order.
    package init(options: [String]) {
        for option in options { update(Array("\(option.utf8.count):\(option)\n".utf8)) }
    }

    /// Takes the next piece of the input.
    package mutating func update(_ piece: some Sequence<UInt8>) {
        hash.update(data: Array(piece))
    }

    /// `batch_` and 96 bits of the SHA-256 in hexadecimal.
    package var id: String {
        let digits = Array("0123456789abcdef")
        return "batch_" + hash.finalize().prefix(12).map { "\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }.joined()
    }
}
