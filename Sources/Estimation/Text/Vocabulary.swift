#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The n-gram buckets of a panel with their weights.
package struct Vocabulary: Sendable {
    /// For every bucket 1 + its row, or 0 where it is unknown.
    package var slots: [UInt16]
    /// By row: the inverse document frequency log((1 + n) / (1 + df)) + 1 (Sparck Jones 1972), in steps of 1/16.
    package var weights: [UInt8]

    static let weightStep: Float = 1 / 16

    package var count: Int { weights.count }

    /// The buckets that occur in at least two texts; above the limit, the most frequent ones.
    package init(of texts: [NGrams], limit: Int) {
        var frequency = [Int32](repeating: 0, count: NGrams.buckets)
        for text in texts {
            for bucket in text.characters { frequency[Int(bucket)] += 1 }
            for bucket in text.words { frequency[Int(bucket)] += 1 }
        }
        var known = frequency.indices.filter { frequency[$0] >= 2 }
        if known.count > limit {
            known = Array(known.sorted { (-frequency[$0], $0) < (-frequency[$1], $1) }[..<limit]).sorted()
        }
        slots = [UInt16](repeating: 0, count: NGrams.buckets)
        weights = []
        for bucket in known {
            weights.append(
                UInt8((log(Float(1 + texts.count) / Float(1 + frequency[bucket])) + 1) / Self.weightStep + 0.5))
            slots[bucket] = UInt16(weights.count)
        }
    }

    /// The known buckets in row order, for the profile file.
    var buckets: [UInt32] {
        var buckets = [UInt32](repeating: 0, count: count)
        for (bucket, slot) in slots.enumerated() where slot > 0 { buckets[Int(slot) - 1] = UInt32(bucket) }
        return buckets
    }

    init(_ reader: inout ByteReader) throws(ByteReader.Failure) {
        let buckets = try reader.array(UInt32.self)
        weights = try reader.array(UInt8.self)
        slots = [UInt16](repeating: 0, count: NGrams.buckets)
        guard buckets.count == weights.count, buckets.count < 1 << 16 else {
            throw ByteReader.Failure(reason: "its vocabulary does not fit together")
        }
        for (row, bucket) in buckets.enumerated() {
            guard bucket < NGrams.buckets else { throw ByteReader.Failure(reason: "it knows an impossible n-gram") }
            slots[Int(bucket)] = UInt16(row + 1)
        }
    }

    func write(to writer: inout ByteWriter) {
        writer.put(buckets)
        writer.put(weights)
    }

    /// The rows of the known buckets, and the sum of the squares of their weights' steps.
    ///
    /// The loop has no data dependency and no branch on known buckets, because memory latency dominates.
    /// - Parameter rows: space for as many rows as there are buckets.
    func rows(of buckets: [UInt32], into rows: UnsafeMutableBufferPointer<Int>) -> (count: Int, squares: UInt32) {
        var count = 0
        var squares: UInt32 = 0
        slots.withUnsafeBufferPointer { slots in
            for bucket in buckets {
                let slot = Int(slots[Int(bucket)])
                rows[count] = slot - 1
                count += slot == 0 ? 0 : 1
            }
        }
        weights.withUnsafeBufferPointer { weights in
            for row in rows[..<count] {
                let weight = UInt32(weights[row])
                squares &+= weight &* weight
            }
        }
        return (count, squares)
    }

    /// A text as a sparse row. Characters and words are normalised to length 1 each.
    package func row(_ grams: NGrams) -> [(column: Int32, value: Float)] {
        unitRow(grams.characters) + unitRow(grams.words)
    }

    private func unitRow(_ buckets: [UInt32]) -> [(column: Int32, value: Float)] {
        var row: [(column: Int32, value: Float)] = []
        row.reserveCapacity(buckets.count)
        var squares: Float = 0
        for bucket in buckets {
            let slot = slots[Int(bucket)]
            if slot == 0 { continue }
            let weight = Float(weights[Int(slot) - 1]) * Self.weightStep
            squares += weight * weight
            row.append((Int32(slot) - 1, weight))
        }
        let scale = 1 / max(squares, 1e-6).squareRoot()
        for index in row.indices { row[index].value *= scale }
        return row
    }
}
