import Domain
import Testing

@Suite("Model filters")
struct ModelFilterTests {
    private func filter(_ allow: [String], _ deny: [String] = []) -> ModelFilter {
        ModelFilter(allow: allow.map { ModelID($0) }, deny: deny.map { ModelID($0) })
    }

    @Test("two filters together admit what both admit")
    func narrowed() {
        let filters = [filter([]), filter(["a"]), filter(["b", "c"]), filter([], ["a"]), filter(["a", "b"], ["b"])]
        for left in filters {
            for right in filters {
                for model in ["a", "b", "c", "d"].map({ ModelID($0) }) {
                    #expect(left.narrowed(by: right).admits(model) == (left.admits(model) && right.admits(model)))
                }
            }
        }
    }
}
