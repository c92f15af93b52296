import Domain
import Foundation
import Testing

@testable import Estimation
@testable import Training

@Suite struct NumericsTests {
    @Test("the quasi-Newton search finds the least of a stretched bowl")
    func bowl() {
        var x = [Lane](repeating: Lane(repeating: 5), count: 3)
        let centre = Lane(1, -2, 3, 0.5)
        QuasiNewton(iterations: 100).minimize(&x) { x, gradient in
            var value = 0.0
            for index in x.indices {
                let off = x[index] - centre
                let weight = Float(index * 10 + 1)
                gradient[index] = weight * off
                value += Double((weight * off * off).sum()) / 2
            }
            return value
        }
        for row in x { for place in 0..<4 { #expect(abs(row[place] - centre[place]) < 1e-2) } }
    }

    @Test("the principal directions of sparse rows are those of an eigenvalue decomposition")
    func directions() {
        var random = SeededGenerator(seed: 4)
        var x = SparseRows(width: 12)
        var dense: [[Float]] = []
        for _ in 0..<60 {
            let a = Float(random.normal())
            let b = Float(random.normal())
            let row = (0..<12).map { a * Float($0 % 3) + b * Float($0 % 2) * 0.5 + Float(random.normal()) * 0.05 }
            dense.append(row)
            x.append(row.enumerated().map { (Int32($0.offset), $0.element) })
        }
        let found = PrincipalDirections.find(x, count: 2, seed: 1)
        // The two directions hold nearly all of the rows' squares.
        var all: Float = 0
        var held: Float = 0
        for row in dense {
            all += row.reduce(0) { $0 + $1 * $1 }
            for direction in 0..<2 {
                let part = (0..<12).reduce(Float(0)) { $0 + row[$1] * found[$1, direction] }
                held += part * part
            }
        }
        #expect(held / all > 0.98)
        let length = (0..<12).reduce(Float(0)) { $0 + found[$1, 0] * found[$1, 0] }
        #expect(abs(length - 1) < 1e-3)
    }

    @Test("eigenvectors rebuild their matrix")
    func eigen() {
        let matrix: [Double] = [4, 1, 0.5, 1, 3, 0.2, 0.5, 0.2, 1]
        let (values, vectors) = SymmetricEigen.solve(matrix, size: 3)
        for row in 0..<3 {
            for column in 0..<3 {
                let rebuilt = (0..<3).reduce(0.0) {
                    $0 + values[$1] * vectors[row * 3 + $1] * vectors[column * 3 + $1]
                }
                #expect(abs(rebuilt - matrix[row * 3 + column]) < 1e-9)
            }
        }
        #expect(values == values.sorted(by: >))
    }

    @Test("linear equations are solved")
    func cholesky() {
        var matrix: [Double] = [4, 2, 2, 3]
        let x = Cholesky.solve(&matrix, [8, 7], size: 2)
        #expect(abs(x[0] - 1.25) < 1e-12)
        #expect(abs(x[1] - 1.5) < 1e-12)
    }

    @Test("a forest gives the sum of the leaves that a slow walk finds")
    func forest() {
        var random = SeededGenerator(seed: 8)
        var forest = Forest(depth: 3, width: 5)
        var trees: [(features: [Int], thresholds: [Float], leaves: [Lane])] = []
        for _ in 0..<20 {
            let features = (0..<3).map { _ in Int(random.next() % 6) }
            let thresholds = (0..<3).map { _ in Float(random.normal()) }
            let leaves = (0..<16).map { _ in Lane(repeating: Float(random.normal())) }
            trees.append((features, thresholds, leaves))
            forest.append(features: features, thresholds: thresholds, leaves: leaves)
        }
        let dense = (0..<6).map { _ in Float(random.normal()) }
        var slow = [Lane](repeating: .zero, count: 2)
        for tree in trees {
            let bits = (0..<3).map { dense[tree.features[$0]] > tree.thresholds[$0] ? "1" : "0" }.joined()
            let leaf = Int(bits, radix: 2) ?? 0
            for lane in 0..<2 { slow[lane] += tree.leaves[leaf * 2 + lane] }
        }
        var fast = [Lane](repeating: .zero, count: 2)
        dense.withUnsafeBufferPointer { dense in
            fast.withUnsafeMutableBufferPointer { forest.add(dense, to: $0) }
        }
        for lane in 0..<2 { #expect((fast[lane] - slow[lane]).max() < 1e-5) }
    }

    @Test("eight-bit columns give nearly the scores of the floats that they were made of")
    func quantised() {
        var random = SeededGenerator(seed: 2)
        let texts = (0..<40).map { index in
            NGrams(of: ["question number \(index) about \(["rivers", "numbers", "laws"][index % 3]) and more"])
        }
        let vocabulary = Vocabulary(of: texts, limit: 10_000)
        var columns = LaneTable(rows: vocabulary.count, width: 20)
        for row in 0..<vocabulary.count { for column in 0..<20 { columns[row, column] = Float(random.normal()) } }
        let table = GramTable(columns, vocabulary)
        var worst: Float = 0
        for text in texts {
            let fast = table.scores(text, vocabulary)
            let row = vocabulary.row(text)
            for column in 0..<20 {
                let slow = row.reduce(Float(0)) { $0 + $1.value * columns[Int($1.column), column] }
                worst = max(worst, abs(fast[column] - slow))
            }
        }
        // The scores themselves are of size 1.4.
        #expect(worst < 0.06)
    }

    @Test("calibration undoes a known distortion")
    func calibration() {
        var random = SeededGenerator(seed: 6)
        var scores: [Float] = []
        var targets: [Float] = []
        for _ in 0..<4000 {
            let z = random.normal() * 2
            targets.append(random.unit() < logistic(0.5 * z + 0.3) ? 1 : 0)
            scores.append(Float(z))
        }
        let found = Calibration.fit(scores, targets)
        #expect(abs(found.slope - 0.5) < 0.08)
        #expect(abs(found.offset - 0.3) < 0.12)
    }
}
