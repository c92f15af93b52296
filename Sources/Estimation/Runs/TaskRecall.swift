/// Predicts from a suite's most similar tasks: kernel ridge regression on the tasks' n-grams.
///
/// score_m(x) = base_m + sum over training tasks t of a_tm k(x, t), with k the square of the mean of the two views'
/// cosines (`NGrams`: characters, words). The square makes near duplicates count most. Suites of runs have few tasks,
/// so all of them are stored, as an index from n-gram to tasks.
package struct TaskRecall: Sendable {
    package var vocabulary: Vocabulary
    /// By known n-gram, the start of its tasks in `tasks`; one more than there are n-grams.
    package var starts: [UInt32]
    /// The tasks that contain an n-gram.
    package var tasks: [UInt16]
    /// By task: 1 / Euclidean length of its characters' frequencies, and of its words'.
    package var inverseLengths: [Float]
    /// By output: the score of a task unlike all others.
    package var base: [Float]
    /// The dual weights a_tm: one row per task, one column per output.
    package var weights: LaneTable

    package init(
        vocabulary: Vocabulary, starts: [UInt32], tasks: [UInt16], inverseLengths: [Float], base: [Float],
        weights: LaneTable
    ) {
        self.vocabulary = vocabulary
        self.starts = starts
        self.tasks = tasks
        self.inverseLengths = inverseLengths
        self.base = base
        self.weights = weights
    }

    /// The kernel between a text and every training task.
    package func kernel(_ grams: NGrams) -> [Float] {
        let count = weights.rows
        var similarity = [Float](repeating: 0, count: count)
        for (view, buckets) in [grams.characters, grams.words].enumerated() {
            var products = [UInt32](repeating: 0, count: count)
            var squares: UInt32 = 0
            vocabulary.slots.withUnsafeBufferPointer { slots in
                tasks.withUnsafeBufferPointer { tasks in
                    products.withUnsafeMutableBufferPointer { products in
                        for bucket in buckets {
                            let slot = Int(slots[Int(bucket)])
                            if slot == 0 { continue }
                            let weight = UInt32(vocabulary.weights[slot - 1])
                            let square = weight &* weight
                            squares &+= square
                            for index in Int(starts[slot - 1])..<Int(starts[slot]) {
                                products[Int(tasks[index])] &+= square
                            }
                        }
                    }
                }
            }
            if squares == 0 { continue }
            let scale = 0.5 / Float(squares).squareRoot()
            for task in 0..<count {
                similarity[task] += Float(products[task]) * scale * inverseLengths[task * 2 + view]
            }
        }
        for task in 0..<count { similarity[task] *= similarity[task] }
        return similarity
    }

    /// Every output's score for a text; an unclamped probability.
    func scores(_ grams: NGrams) -> [Float] {
        let kernel = kernel(grams)
        return withUnsafeTemporaryAllocation(of: Lane.self, capacity: weights.stride) { sums in
            sums.initialize(repeating: .zero)
            for (task, k) in kernel.enumerated() where k > 1e-4 {
                for lane in 0..<weights.stride { sums[lane] += k * weights.lanes[task * weights.stride + lane] }
            }
            return base.indices.map { base[$0] + sums[$0 >> 2][$0 & 3] }
        }
    }
}

extension TaskRecall {
    func write(to writer: inout ByteWriter) {
        vocabulary.write(to: &writer)
        writer.put(starts)
        writer.put(tasks)
        writer.put(inverseLengths)
        writer.put(base)
        writer.put(weights.lanes.flatMap { lane in (0..<4).map { lane[$0] } })
    }

    init(_ reader: inout ByteReader) throws(ByteReader.Failure) {
        vocabulary = try Vocabulary(&reader)
        starts = try reader.array(UInt32.self)
        tasks = try reader.array(UInt16.self)
        inverseLengths = try reader.array(Float.self)
        base = try reader.array(Float.self)
        let numbers = try reader.array(Float.self)
        weights = LaneTable(rows: inverseLengths.count / 2, width: base.count)
        let ordered = zip(starts, starts.dropFirst()).allSatisfy { $0 <= $1 }
        guard starts.count == vocabulary.count + 1, ordered, Int(starts.last ?? 0) == tasks.count,
            tasks.allSatisfy({ Int($0) < weights.rows }), numbers.count == weights.lanes.count * 4
        else { throw ByteReader.Failure(reason: "its table of tasks does not fit together") }
        for index in weights.lanes.indices {
            weights.lanes[index] = Lane(
                numbers[index * 4], numbers[index * 4 + 1], numbers[index * 4 + 2], numbers[index * 4 + 3])
        }
    }
}
