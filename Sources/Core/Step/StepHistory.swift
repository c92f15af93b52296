/// The messages of a run as digests, one a message, each over all messages up to it.
///
/// A later call of the same run begins with the messages of the earlier one; where it does not, the run has changed its
/// history. FNV-1a of 64 bits: against mistakes, not against an adversary.
package struct StepHistory: Hashable, Sendable {
    package private(set) var digests: [UInt64] = []

    package init() {}

    /// The trail of some messages, each as its bytes.
    package init(_ messages: some Sequence<some Sequence<UInt8>>) {
        for message in messages { append(message) }
    }

    package mutating func append(_ message: some Sequence<UInt8>) {
        var digest = digests.last ?? 0xcbf2_9ce4_8422_2325
        for byte in message { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01b3 }
        // A mark after each message, so that the borders between messages count too.
        digests.append((digest ^ 0x1ff) &* 0x100_0000_01b3)
    }

    package var isEmpty: Bool { digests.isEmpty }

    /// Where this trail ends, to be remembered.
    package var end: End? { digests.last.map { End(count: digests.count, digest: $0) } }

    /// Whether this trail goes on from where another one ended.
    package func follows(_ end: End) -> Bool {
        digests.count >= end.count && digests[end.count - 1] == end.digest
    }

    /// The end of a trail: how many messages, and their digest.
    package struct End: Hashable, Sendable {
        package var count: Int
        package var digest: UInt64

        package init(count: Int, digest: UInt64) {
            self.count = count
            self.digest = digest
        }
    }
}
