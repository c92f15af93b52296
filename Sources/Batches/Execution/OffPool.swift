import Dispatch

/// Work that takes processor time is done beside the threads that calls are served on.
enum OffPool {
    private static let queue = DispatchQueue(label: "hera.batch.planning", attributes: .concurrent)

    static func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: work()) }
        }
    }
}
