import Testing

@testable import Upstream

@Suite("AdmissionQueue")
struct AdmissionQueueTests {
    private static func origin(_ name: String) throws -> Origin { try Origin(url: "http://\(name)/") }

    @Test("one origin is served first come, first served")
    func order() throws {
        var queue = AdmissionQueue(limit: 10, limitPerOrigin: 10)
        for id in 1...5 { queue.append(TransferID(rawValue: UInt64(id)), to: try Self.origin("a")) }
        #expect((1...5).map { _ in queue.next()?.rawValue } == [1, 2, 3, 4, 5])
        #expect(queue.next() == nil)
    }

    @Test("origins take turns")
    func turns() throws {
        var queue = AdmissionQueue(limit: 10, limitPerOrigin: 10)
        for id in 1...3 { queue.append(TransferID(rawValue: UInt64(id)), to: try Self.origin("a")) }
        for id in 4...5 { queue.append(TransferID(rawValue: UInt64(id)), to: try Self.origin("b")) }
        #expect((1...5).map { _ in queue.next()?.rawValue } == [1, 4, 2, 5, 3])
    }

    @Test("random operations keep limits, lose no transfer, and leave no admissible one queued")
    func randomWalk() throws {
        var random = SystemRandomNumberGenerator()
        let origins = try ["a", "b", "c"].map(Self.origin)
        for _ in 0..<200 {
            let limit = Int.random(in: 1...5, using: &random)
            let limitPerOrigin = Int.random(in: 1...3, using: &random)
            var queue = AdmissionQueue(limit: limit, limitPerOrigin: limitPerOrigin)
            var waiting: [TransferID: Origin] = [:]
            var active: [TransferID: Origin] = [:]
            for step in 1...100 {
                let id = TransferID(rawValue: UInt64(step))
                switch Int.random(in: 0..<4, using: &random) {
                case 0, 1:
                    let origin = origins[Int.random(in: 0..<3, using: &random)]
                    queue.append(id, to: origin)
                    waiting[id] = origin
                case 2:
                    if let (id, origin) = active.randomElement(using: &random) {
                        queue.finish(at: origin)
                        active[id] = nil
                    }
                default:
                    if let (id, origin) = waiting.randomElement(using: &random) {
                        queue.remove(id, at: origin)
                        waiting[id] = nil
                    }
                }
                while let id = queue.next() {
                    let origin = waiting.removeValue(forKey: id)
                    #expect(origin != nil)
                    active[id] = origin
                }
                let load = Dictionary(grouping: active.values, by: { $0 }).mapValues(\.count)
                #expect(active.count <= limit && load.values.allSatisfy { $0 <= limitPerOrigin })
                #expect(
                    active.count == limit
                        || waiting.values.allSatisfy { load[$0, default: 0] == limitPerOrigin })
                #expect(queue.waitingCount == waiting.count && queue.activeCount == active.count)
            }
        }
    }
}
