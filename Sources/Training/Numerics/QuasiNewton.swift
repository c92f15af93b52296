import Estimation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Limited-memory BFGS (Nocedal 1980) with backtracking, for smooth convex functions of many variables.
struct QuasiNewton {
    var iterations = 40
    var memory = 6

    /// Minimises `objective`, starting at `x`. `objective` fills the gradient and returns the value.
    func minimize(_ x: inout [Lane], _ objective: ([Lane], inout [Lane]) -> Double) {
        var gradient = [Lane](repeating: .zero, count: x.count)
        var value = objective(x, &gradient)
        var steps: [(s: [Lane], y: [Lane], rho: Double)] = []
        var candidate = x
        var candidateGradient = gradient
        for iteration in 0..<iterations {
            var direction = Self.direction(gradient, steps)
            var slope = Self.dot(direction, gradient)
            if slope >= 0 {
                steps = []
                direction = gradient.map { -$0 }
                slope = -Self.dot(gradient, gradient)
            }
            if slope > -1e-12 { return }
            var length: Float = iteration == 0 || steps.isEmpty ? Float(1 / (-slope).squareRoot()) : 1
            var accepted = false
            for _ in 0..<12 {
                for index in x.indices { candidate[index] = x[index] + length * direction[index] }
                let found = objective(candidate, &candidateGradient)
                if found <= value + 1e-4 * Double(length) * slope {
                    accepted = true
                    let improvement = value - found
                    value = found
                    var s = direction
                    var y = candidateGradient
                    for index in s.indices {
                        s[index] *= length
                        y[index] -= gradient[index]
                    }
                    let curvature = Self.dot(s, y)
                    if curvature > 1e-12 {
                        steps.append((s, y, 1 / curvature))
                        if steps.count > memory { steps.removeFirst() }
                    }
                    swap(&x, &candidate)
                    swap(&gradient, &candidateGradient)
                    if improvement < 1e-7 * max(1, abs(value)) { return }
                    break
                }
                length /= 2.5
            }
            if !accepted { return }
        }
    }

    private static func direction(_ gradient: [Lane], _ steps: [(s: [Lane], y: [Lane], rho: Double)]) -> [Lane] {
        var q = gradient.map { -$0 }
        var alphas: [Float] = []
        for step in steps.reversed() {
            let alpha = Float(step.rho * dot(step.s, q))
            alphas.append(alpha)
            for index in q.indices { q[index] -= alpha * step.y[index] }
        }
        if let last = steps.last {
            let scale = Float(1 / (last.rho * dot(last.y, last.y)))
            for index in q.indices { q[index] *= scale }
        }
        for (step, alpha) in zip(steps, alphas.reversed()) {
            let beta = Float(step.rho * dot(step.y, q))
            for index in q.indices { q[index] += (alpha - beta) * step.s[index] }
        }
        return q
    }

    /// Summed in blocks, so that large sums do not lose small terms.
    private static func dot(_ a: [Lane], _ b: [Lane]) -> Double {
        var total = 0.0
        var index = 0
        while index < a.count {
            let end = min(index + 256, a.count)
            var sum = Lane.zero
            for position in index..<end { sum += a[position] * b[position] }
            total += Double(sum.sum())
            index = end
        }
        return total
    }
}
