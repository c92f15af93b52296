import Dispatch

/// Runs CPU-bound work off the cooperative pool.
enum OffPool {
    private static let queue = DispatchQueue(label: "hera.batch.planning", attributes: .concurrent)

    static func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: work()) }
        }
    }
}
