/// Predicts the direction of a model's outputs: HERA's subtask predictor (SP), as a regression on embeddings.
///
/// mu_mk(x) = W_mk f(x) is the expected direction of model m's output k steps after its next one (k = 0: the next one),
/// with a separate regression for each k. Directions have length 1, and an ended run is the zero vector. So mu is
/// shorter the less certain it is, and mu_mk . mu_rl is the expected cosine of two outputs that are independent given
/// x.
package struct OutputPredictor: Sendable {
    /// Number of look-ahead steps, the next one included.
    package static let horizons = 5

    var models: Int
    /// Mean and inverse deviation of every feature of a state.
    var means: [Float]
    package var scales: [Float]
    /// By model, then k, then feature (the last one is the constant 1): one row of `StepEmbedder.dimensions` numbers.
    package var weights: [Lane]

    package init(models: Int, means: [Float], scales: [Float], weights: [Lane]) {
        self.models = models
        self.means = means
        self.scales = scales
        self.weights = weights
    }

    package var features: Int { means.count }

    private static let lanes = StepEmbedder.dimensions / 4

    /// A state as the input of `mean`: standardised, with the constant 1.
    package func standardized(_ state: [Float]) -> [Float] {
        var result = state
        for index in means.indices { result[index] = (state[index] - means[index]) * scales[index] }
        result.append(1)
        return result
    }

    /// The expected direction of a model's output, k steps after its next one.
    /// - Parameter state: the result of `standardized`.
    package func mean(_ state: [Float], model: Int, ahead: Int) -> ExpectedDirection {
        let width = features + 1
        let first = (model * Self.horizons + min(ahead, Self.horizons - 1)) * width * Self.lanes
        var result = ExpectedDirection(lanes: [Lane](repeating: .zero, count: Self.lanes))
        weights.withUnsafeBufferPointer { weights in
            result.lanes.withUnsafeMutableBufferPointer { sums in
                for feature in 0..<width {
                    let value = state[feature]
                    if value == 0 { continue }
                    let row = first + feature * Self.lanes
                    for lane in 0..<Self.lanes { sums[lane] += value * weights[row + lane] }
                }
            }
        }
        return result
    }
}

/// The mean direction of an output; shorter than 1 the less certain it is.
package struct ExpectedDirection: Sendable {
    var lanes: [Lane]

    init(lanes: [Lane]) { self.lanes = lanes }

    init(_ direction: [Float]) {
        lanes = stride(from: 0, to: direction.count, by: 4).map {
            Lane(direction[$0], direction[$0 + 1], direction[$0 + 2], direction[$0 + 3])
        }
    }

    /// The inner product: the expected cosine of two outputs that are independent given the state.
    func product(_ other: ExpectedDirection) -> Float {
        var sum = Lane.zero
        for (a, b) in zip(lanes, other.lanes) { sum += a * b }
        return sum.sum()
    }

    var length: Float { product(self).squareRoot() }

    var numbers: [Float] { lanes.flatMap { lane in (0..<4).map { lane[$0] } } }
}

extension OutputPredictor {
    func write(to writer: inout ByteWriter) {
        writer.put(models)
        writer.put(means)
        writer.put(scales)
        // Eight bits per weight with one scale per row, because the rows differ widely in size.
        let block = Self.lanes
        var steps: [Float] = []
        var cells: [Int8] = []
        cells.reserveCapacity(weights.count * 4)
        for start in stride(from: 0, to: weights.count, by: block) {
            let part = weights[start..<(start + block)]
            let greatest = part.reduce(Float(1e-9)) { max($0, $1.max(), -$1.min()) }
            steps.append(greatest / 127)
            for lane in part {
                for place in 0..<4 { cells.append(Int8((lane[place] / greatest * 127).rounded())) }
            }
        }
        writer.put(steps)
        writer.put(cells)
    }

    init(_ reader: inout ByteReader) throws(ByteReader.Failure) {
        models = try reader.integer()
        means = try reader.array(Float.self)
        scales = try reader.array(Float.self)
        let steps = try reader.array(Float.self)
        let cells = try reader.array(Int8.self)
        let block = StepEmbedder.dimensions
        guard scales.count == means.count, steps.count == models * Self.horizons * (means.count + 1),
            cells.count == steps.count * block
        else { throw ByteReader.Failure(reason: "its predictor of outputs does not fit together") }
        weights = []
        weights.reserveCapacity(cells.count / 4)
        for (index, step) in steps.enumerated() {
            for place in stride(from: index * block, to: (index + 1) * block, by: 4) {
                weights.append(
                    Lane(Float(cells[place]), Float(cells[place + 1]), Float(cells[place + 2]), Float(cells[place + 3]))
                        * step)
            }
        }
    }
}
