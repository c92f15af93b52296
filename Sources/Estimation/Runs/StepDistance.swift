/// HERA's S-L distance, by which the reference's steps are laid beside a cheaper model's.
///
/// For each step of the reference: how many *additional* steps of the cheaper model are needed, counted from the step
/// behind the previous match, until one is similar to it; never if none is. A match moves the place on from which the
/// next is sought (the distance is incremental, HERA section 4). Similar means a cosine above 0.7.
package enum StepDistance {
    /// The paper's threshold.
    static let similar: Float = 0.7
    /// Distances from here on count as one class, and never is another.
    static let many = 2
    package static let classes = 4

    /// The class of every step of the reference: 0, 1, 2 (or more), 3 (never).
    package static func classes(reference: [[Float]], other: [[Float]]) -> [Int] {
        alignment(reference: reference, other: other).classes
    }

    /// The same, and for every step of the reference the step of the other model that its distance is counted from.
    package static func alignment(reference: [[Float]], other: [[Float]]) -> (classes: [Int], from: [Int]) {
        var next = 0
        var from: [Int] = []
        let found = reference.map { step in
            from.append(next)
            for index in next..<max(other.count, next) where cosine(step, other[index]) > similar {
                let distance = index - next
                next = index + 1
                return min(distance, many)
            }
            return Self.classes - 1
        }
        return (found, from)
    }

    /// The value that a class stands for when errors are averaged: never counts as one more than many.
    package static func value(ofClass place: Int) -> Double { Double(place) }

    package static func cosine(_ a: [Float], _ b: [Float]) -> Float {
        var product: Float = 0
        var squares: (a: Float, b: Float) = (0, 0)
        for (x, y) in zip(a, b) {
            product += x * y
            squares.a += x * x
            squares.b += y * y
        }
        let scale = (squares.a * squares.b).squareRoot()
        return scale > 1e-12 ? product / scale : 0
    }
}
