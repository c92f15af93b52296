/// A mergeable histogram of latencies in growing spans, for quantiles.
///
/// Eight spans per power of two (as in HdrHistogram): a quantile is given as the upper end of its span, at most 12.5 %
/// above the true one. The mean is exact.
package struct LatencyHistogram: Hashable, Sendable {
    /// Calls by rising span. Usually few, so a list is faster than a dictionary.
    private var counts: [Count] = []

    private struct Count: Hashable, Sendable {
        let span: UInt16
        var calls: Int64
    }

    package private(set) var count: Int64 = 0
    /// Exact sum of all latencies.
    package private(set) var sumMicroseconds: Int64 = 0

    package init() {}

    /// The counts of another histogram with a separate sum.
    init(counts other: LatencyHistogram, sumMicroseconds: Int64) {
        self = other
        self.sumMicroseconds = sumMicroseconds
    }

    /// Counts one latency; negative ones count as zero.
    package mutating func record(microseconds: Int64) {
        add(1, in: Self.span(of: microseconds))
        sumMicroseconds &+= max(microseconds, 0)
    }

    package mutating func merge(_ other: LatencyHistogram) {
        for other in other.counts { add(other.calls, in: other.span) }
        sumMicroseconds &+= other.sumMicroseconds
    }

    private mutating func add(_ calls: Int64, in span: UInt16) {
        count += calls
        var (low, high) = (0, counts.count)
        while low < high {
            let middle = (low + high) / 2
            if counts[middle].span < span { low = middle + 1 } else { high = middle }
        }
        if low < counts.count, counts[low].span == span {
            counts[low].calls += calls
        } else {
            counts.insert(Count(span: span, calls: calls), at: low)
        }
    }

    /// Mean seconds; nil where nothing was counted.
    package var meanSeconds: Double? { count == 0 ? nil : Double(sumMicroseconds) / 1e6 / Double(count) }

    /// The quantile of a share (0...1) in seconds; nil where nothing was counted.
    package func quantileSeconds(_ share: Double) -> Double? {
        guard count > 0 else { return nil }
        let rank = max(Int64((Double(count) * share).rounded(.up)), 1)
        var seen: Int64 = 0
        for part in counts {
            seen += part.calls
            if seen >= rank { return Double(Self.upperEnd(of: part.span)) / 1e6 }
        }
        return nil
    }

    /// Values below 8 us have a span each; above, the three bits after the leading one choose among eight.
    static func span(of microseconds: Int64) -> UInt16 {
        let value = UInt64(max(microseconds, 0))
        guard value >= 8 else { return UInt16(value) }
        let power = 63 - value.leadingZeroBitCount
        return UInt16((power - 2) * 8 + Int(value >> (power - 3)) - 8)
    }

    /// The greatest number of microseconds that falls into a span.
    static func upperEnd(of span: UInt16) -> Int64 {
        guard span >= 8 else { return Int64(span) }
        let power = Int(span) / 8 + 2
        let (end, overflow) = (Int64(span % 8) + 9).multipliedReportingOverflow(by: Int64(1) << (power - 3))
        return overflow ? .max : end - 1
    }
}

extension LatencyHistogram {
    /// Spans rising, each as two LEB128 numbers: the distance to the span before and its count.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        var last: UInt16 = 0
        for part in counts {
            Self.append(UInt64(part.span - last), to: &bytes)
            Self.append(UInt64(part.calls), to: &bytes)
            last = part.span
        }
        return bytes
    }

    /// Reads what `bytes` writes; nil for anything else.
    package init?(bytes: [UInt8], sumMicroseconds: Int64) {
        var rest = bytes[...]
        var span: UInt64 = 0
        while !rest.isEmpty {
            guard let distance = Self.read(&rest), let number = Self.read(&rest), distance <= 1000,
                let count = Int64(exactly: number)
            else { return nil }
            span += distance
            guard let key = UInt16(exactly: span) else { return nil }
            add(count, in: key)
        }
        self.sumMicroseconds = sumMicroseconds
    }

    private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        var number = number
        while number >= 128 {
            bytes.append(UInt8(number & 127) | 128)
            number >>= 7
        }
        bytes.append(UInt8(number))
    }

    private static func read(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
        var number: UInt64 = 0
        var shift: UInt64 = 0
        while let byte = bytes.popFirst(), shift < 63 {
            number |= UInt64(byte & 127) << shift
            if byte < 128 { return number }
            shift += 7
        }
        return nil
    }
}
