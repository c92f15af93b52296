/// The least value of a choice before and after every candidate, for one set of candidate and entry values.
///
/// `before[c]` is the least value of the steps up to and including c's, `after[c]` of the later steps. Without
/// switching both are empty and `least[s]` holds the least value of each step.
struct Completion {
    private(set) var least: [Double] = []
    private(set) var before: [Double] = []
    private(set) var after: [Double] = []
    /// Least value of a whole choice.
    private(set) var total = 0.0

    /// `values` and `entries` are indexed `candidate * stride + offset`. Only kept candidates count. A step without any
    /// makes `total` infinite.
    init(
        _ table: AssignmentTable, _ values: [Double], _ entries: [Double], stride: Int = 1, offset: Int = 0,
        keeps: [Bool]
    ) {
        if table.hasSwitching {
            chain(table, values, entries, stride, offset, keeps)
        } else {
            least = [Double](repeating: .infinity, count: table.stepCount)
            for step in 0..<table.stepCount {
                var best = Double.infinity
                for candidate in table.candidates(step) where keeps[candidate] {
                    best = min(best, values[candidate * stride + offset])
                }
                least[step] = best
                total += best
            }
        }
    }

    /// Least value of a whole choice through a candidate.
    func through(_ candidate: Int, step: Int, value: Double) -> Double {
        before.isEmpty ? total - least[step] + value : before[candidate] + after[candidate]
    }

    private mutating func chain(
        _ table: AssignmentTable, _ values: [Double], _ entries: [Double], _ stride: Int, _ offset: Int,
        _ keeps: [Bool]
    ) {
        before = [Double](repeating: .infinity, count: table.candidateCount)
        after = before
        let models = table.modelCount
        var cheapest = 0.0
        for step in 0..<table.stepCount {
            var next = Double.infinity
            for candidate in table.candidates(step) where keeps[candidate] {
                var origin = cheapest
                if step > 0 {
                    origin += entries[candidate * stride + offset]
                    let same = table.candidateOfModel[(step - 1) * models + Int(table.models[candidate])]
                    if same >= 0, before[Int(same)] < origin { origin = before[Int(same)] }
                }
                before[candidate] = origin + values[candidate * stride + offset]
                next = min(next, before[candidate])
            }
            cheapest = next
        }
        total = cheapest
        for candidate in table.candidates(table.stepCount - 1) where keeps[candidate] { after[candidate] = 0 }
        for step in Swift.stride(from: table.stepCount - 2, through: 0, by: -1) {
            var moved = Double.infinity
            for next in table.candidates(step + 1) where keeps[next] {
                let place = next * stride + offset
                moved = min(moved, values[place] + entries[place] + after[next])
            }
            for candidate in table.candidates(step) where keeps[candidate] {
                after[candidate] = moved
                let same = table.candidateOfModel[(step + 1) * models + Int(table.models[candidate])]
                if same >= 0 {
                    let stay = values[Int(same) * stride + offset] + after[Int(same)]
                    after[candidate] = min(moved, stay)
                }
            }
        }
    }
}
