import Core
import Crypto
import Engine
import HTTPTypes
import Hummingbird
import Synchronization

/// What requests with an `Idempotency-Key` came to, so that a repetition is neither done nor paid twice: it gets the
/// first one's result, also while that one is still under way. A failure is forgotten, so that it can be tried again.
///
/// Kept in memory, per node: for a day, and the newest `capacity` of them.
final class RepeatedRequests<Value: Sendable>: Sendable {
    private enum Entry {
        case underWay(body: SHA256Digest, waiting: [CheckedContinuation<Value?, Never>])
        case done(body: SHA256Digest, Value, at: Timestamp)
    }

    private let entries = Mutex<[String: Entry]>([:])
    private let capacity: Int
    private static var keptSeconds: Double { 86_400 }

    init(capacity: Int = 1000) {
        self.capacity = capacity
    }

    /// Does the work of a request, or waits for what its first telling comes to.
    ///
    /// - Parameters:
    ///   - context: keys of different callers are different.
    ///   - body: the request's; the same key with another body is the caller's mistake (422).
    func value(
        of request: Request, in context: HeraContext, body: [UInt8], _ work: () async throws -> Value
    ) async throws -> Value {
        guard let name = request.headers[.idempotencyKey] else { return try await work() }
        guard (1...200).contains(name.utf8.count) else {
            throw HTTPError(.badRequest, message: "Idempotency-Key must be of 1 to 200 bytes")
        }
        let key = "\(context.caller.key ?? "") \(name)"
        let digest = SHA256.hash(data: body)
        while true {
            switch try begin(key, digest) {
            case .first:
                do {
                    let value = try await work()
                    end(key, digest, value)
                    return value
                } catch {
                    end(key, digest, nil)
                    throw error
                }
            case .done(let value): return value
            case .waits:
                let value = await withCheckedContinuation { waiting in
                    let isOver = entries.withLock { entries in
                        guard case .underWay(let body, let others) = entries[key] else { return true }
                        entries[key] = .underWay(body: body, waiting: others + [waiting])
                        return false
                    }
                    // It ended in between: looked at again.
                    if isOver { waiting.resume(returning: nil) }
                }
                if let value { return value }
            }
        }
    }

    private enum Start {
        case first, waits
        case done(Value)
    }

    private func begin(_ key: String, _ digest: SHA256Digest) throws -> Start {
        let now = Timestamp.now()
        let (start, known): (Start, SHA256Digest) = entries.withLock { entries in
            switch entries[key] {
            case .underWay(let body, _): return (.waits, body)
            case .done(let body, let value, let at) where now.seconds - at.seconds < Self.keptSeconds:
                return (.done(value), body)
            default:
                entries[key] = .underWay(body: digest, waiting: [])
                return (.first, digest)
            }
        }
        guard known == digest else {
            throw HTTPError(
                .unprocessableContent,
                message: "this Idempotency-Key was used with another body: use a new one for a new request")
        }
        return start
    }

    private func end(_ key: String, _ digest: SHA256Digest, _ value: Value?) {
        let waiting = entries.withLock { entries in
            var waiting: [CheckedContinuation<Value?, Never>] = []
            if case .underWay(_, let others) = entries[key] { waiting = others }
            entries[key] = value.map { .done(body: digest, $0, at: .now()) }
            if entries.count > capacity { Self.forgetOldest(&entries, capacity) }
            return waiting
        }
        for one in waiting { one.resume(returning: value) }
    }

    /// Half of those that are done, the oldest, so that the sort is paid for by many requests.
    private static func forgetOldest(_ entries: inout [String: Entry], _ capacity: Int) {
        let done = entries.compactMap { key, entry -> (String, Timestamp)? in
            if case .done(_, _, let at) = entry { (key, at) } else { nil }
        }
        for (key, _) in done.sorted(by: { $0.1 < $1.1 }).prefix(capacity / 2) { entries.removeValue(forKey: key) }
    }
}
