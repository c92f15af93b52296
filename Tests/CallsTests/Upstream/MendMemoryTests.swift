import Calls
import Dialects
import Domain
import Testing

@Suite("What a model's server has refused")
struct MendMemoryTests {
    private static let start = Timestamp(milliseconds: 1_800_000_000_000)
    private static func endpoint(_ name: String) -> Endpoint {
        Endpoint(baseURL: "http://127.0.0.1:1", wire: .openAI, modelName: name, keyVariable: nil)
    }

    @Test("is known for an hour, for this model only")
    func expiry() {
        let memory = MendMemory()
        let (model, other) = (Self.endpoint("a"), Self.endpoint("b"))
        memory.record([.omit("seed")], of: model, at: Self.start)
        memory.record([.omit("seed"), .omit("user")], of: model, at: Self.start.advanced(bySeconds: 1800))
        #expect(memory.mends(of: other, at: Self.start).isEmpty)
        let before = Self.start.advanced(bySeconds: 3599)
        #expect(memory.mends(of: model, at: before) == [.omit("seed"), .omit("user")])
        let after = Self.start.advanced(bySeconds: 3600)
        #expect(memory.mends(of: model, at: after) == [.omit("user")], "seed is tried again")
        memory.record([.omit("seed")], of: model, at: after)
        #expect(memory.mends(of: model, at: Self.start.advanced(bySeconds: 7000)) == [.omit("seed")])
    }
}
