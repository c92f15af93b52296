import Domain
import Synchronization

/// Keys that commands print, kept until shortly before they end.
///
/// A command runs once at a time, however many calls wait for its key.
final class KeyCache: Sendable {
    fileprivate struct Entry {
        var key: FetchedKey?
        /// From when on a new key is fetched in advance, and from when on the old one is not used any more.
        var renewal = Timestamp(milliseconds: 0)
        var end = Timestamp(milliseconds: 0)
        var fault: KeyFault?
        /// Until when a command that failed is left alone.
        var pauseEnd = Timestamp(milliseconds: 0)
        var isFetching = false
        /// Calls that wait for the command, by number.
        var waiting: [Int: CheckedContinuation<Result<FetchedKey, KeyFault>?, Never>] = [:]
        var lastNumber = 0
        /// Keys of the past that a server may still repeat.
        var secrets: [String] = []
    }

    private enum Next {
        case have(Result<FetchedKey, KeyFault>)
        case wait
        case fetch
    }

    /// Seconds that a key without a known end is used.
    static let usualLife = 300.0
    /// A key is fetched anew in this last part of its life, at most the last five minutes.
    fileprivate static let renewedPart = 0.2
    fileprivate static let longestRenewal = 300.0
    /// A key is not sent any more in the last seconds of its life: it has to reach the server.
    fileprivate static let lastSeconds = 10.0
    fileprivate static let pauseAfterFailure = 10.0
    fileprivate static let mostSecrets = 8

    /// Runs a command, and hands over what it printed at its end.
    typealias Fetch = @Sendable ([String], _ end: @escaping @Sendable (Result<[UInt8], KeyFault>) -> Void) -> Void

    private let entries = Mutex<[[String]: Entry]>([:])
    private let fetch: Fetch
    private let now: @Sendable () -> Timestamp

    /// - Parameters:
    ///   - fetch: runs a command. It goes on when the calls that wait for it have left.
    ///   - now: the time.
    init(now: @escaping @Sendable () -> Timestamp = { .now() }, fetch: @escaping Fetch) {
        self.now = now
        self.fetch = fetch
    }

    /// The key that a command prints. A cancelled task does not wait for it.
    ///
    /// - Parameter early: whether a key that ends soon is fetched anew although it is still valid.
    func key(of command: [String], early: Bool = false) async -> Result<FetchedKey, KeyFault> {
        while true {
            switch next(command, early: early) {
            case .have(let result): return result
            case .wait: break
            case .fetch: fetch(command) { self.end(command, $0) }
            }
            if let result = await wait(for: command) { return result }
            if Task.isCancelled { return .failure(KeyFault("the call was broken off before it ended")) }
        }
    }

    /// Forgets a key that its server refused, unless another one has been fetched since.
    func forget(_ key: FetchedKey, of command: [String]) {
        entries.withLock { entries in
            guard entries[command]?.key == key else { return }
            entries[command]?.key = nil
        }
    }

    /// Secrets of a command that a server may repeat.
    func secrets(of command: [String]) -> [String] { entries.withLock { $0[command]?.secrets ?? [] } }

    private func next(_ command: [String], early: Bool) -> Next {
        let now = now()
        return entries.withLock { entries in
            let entry = entries[command] ?? Entry()
            let valid = now < entry.end ? entry.key : nil
            if let valid, !early || now < entry.renewal || entry.isFetching || now < entry.pauseEnd {
                return .have(.success(valid))
            }
            if entry.isFetching { return .wait }
            if let fault = entry.fault, now < entry.pauseEnd { return .have(.failure(fault)) }
            entries[command, default: Entry()].isFetching = true
            return .fetch
        }
    }

    /// Waits for the end of a command; nil where it has ended already, or the task is cancelled.
    private func wait(for command: [String]) async -> Result<FetchedKey, KeyFault>? {
        let number = entries.withLock { entries in
            entries[command, default: Entry()].lastNumber += 1
            return entries[command]?.lastNumber ?? 0
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = entries.withLock { entries in
                    guard entries[command]?.isFetching == true, !Task.isCancelled else { return true }
                    entries[command]?.waiting[number] = continuation
                    return false
                }
                if isOver { continuation.resume(returning: nil) }
            }
        } onCancel: {
            let continuation = entries.withLock { $0[command]?.waiting.removeValue(forKey: number) }
            continuation?.resume(returning: nil)
        }
    }

    private func end(_ command: [String], _ output: Result<[UInt8], KeyFault>) {
        let now = now()
        let result = output.flatMap { bytes in
            Result { () throws(KeyFault) in try KeyText.read(bytes, at: now) }
        }
        let (waiting, answer) = entries.withLock { entries in
            var entry = entries[command] ?? Entry()
            defer { entries[command] = entry }
            let waiting = entry.waiting.values
            entry.waiting = [:]
            entry.isFetching = false
            return (waiting, entry.store(result, at: now))
        }
        for continuation in waiting { continuation.resume(returning: answer) }
    }
}

extension KeyCache.Entry {
    /// Stores what a command gave. A key that is still valid outlives a failure.
    fileprivate mutating func store(
        _ result: Result<FetchedKey, KeyFault>, at now: Timestamp
    ) -> Result<FetchedKey, KeyFault> {
        switch result {
        case .success(let new):
            let life = new.endsAt.map { $0.seconds - now.seconds } ?? KeyCache.usualLife
            guard life > 0 else { return fail(KeyFault("it has expired already"), at: now) }
            key = new
            fault = nil
            let margin = min(life * KeyCache.renewedPart, KeyCache.longestRenewal)
            renewal = now.advanced(bySeconds: life - margin)
            end = now.advanced(bySeconds: life - min(margin / 2, KeyCache.lastSeconds))
            secrets = Array((new.secrets + secrets.filter { !new.secrets.contains($0) }).prefix(KeyCache.mostSecrets))
            return .success(new)
        case .failure(let fault): return fail(fault, at: now)
        }
    }

    private mutating func fail(_ fault: KeyFault, at now: Timestamp) -> Result<FetchedKey, KeyFault> {
        self.fault = fault
        pauseEnd = now.advanced(bySeconds: KeyCache.pauseAfterFailure)
        if let key, now < end { return .success(key) }
        return .failure(fault)
    }
}
