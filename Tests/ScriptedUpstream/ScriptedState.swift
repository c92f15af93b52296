import NIOCore
import Synchronization

/// State shared by all connections of one server: script and record.
final class ScriptedState: Sendable {
    private struct State {
        var record = ScriptedRecord()
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isStopped = false
    }

    static let maximumConnections = 2048
    private static let maximumRequests = 10_000
    private let script: @Sendable (ScriptedRequest) -> ScriptedReply
    private let state = Mutex(State())

    init(script: @escaping @Sendable (ScriptedRequest) -> ScriptedReply) {
        self.script = script
    }

    var record: ScriptedRecord { state.withLock { $0.record } }

    /// The number of a new connection; nil above the limit or after the stop.
    func opened(_ channel: any Channel) -> Int? {
        state.withLock { state in
            guard !state.isStopped, state.channels.count < Self.maximumConnections else { return nil }
            state.channels[ObjectIdentifier(channel)] = channel
            state.record.connections += 1
            state.record.openConnections += 1
            return state.record.connections
        }
    }

    func closed(_ channel: any Channel) {
        state.withLock { state in
            if state.channels.removeValue(forKey: ObjectIdentifier(channel)) != nil {
                state.record.openConnections -= 1
            }
        }
    }

    /// Stops accepting connections and returns the open ones.
    func stop() -> [any Channel] {
        state.withLock { state in
            state.isStopped = true
            return Array(state.channels.values)
        }
    }

    func reply(to request: RequestParser.Request, connection: Int) -> ScriptedReply {
        let request = state.withLock { state in
            state.record.calls += 1
            state.record.activeCalls += 1
            state.record.maximumActiveCalls = max(state.record.maximumActiveCalls, state.record.activeCalls)
            let request = ScriptedRequest(
                number: state.record.calls, connection: connection, method: request.method, path: request.path,
                headers: request.headers, body: request.body)
            state.record.requests.append(request)
            if state.record.requests.count > Self.maximumRequests { state.record.requests.removeFirst() }
            return request
        }
        return script(request)
    }

    func replyEnded(isAbandoned: Bool) {
        state.withLock { state in
            state.record.activeCalls -= 1
            if isAbandoned { state.record.abandonedReplies += 1 }
        }
    }

    func sent(_ bytes: Int) {
        state.withLock { $0.record.bytesSent += bytes }
    }

    func book(_ usage: ScriptedUsage, model: String) {
        state.withLock { state in
            state.record.bill[model] = state.record.bill[model].map { $0 + usage } ?? usage
            state.record.billedCalls[model, default: 0] += 1
        }
    }
}

/// A scripted server's record of requests, connections and bills.
package struct ScriptedRecord: Sendable {
    /// Requests in order of completion. The newest 10,000 are kept.
    package internal(set) var requests: [ScriptedRequest] = []
    /// Requests since the server's start.
    package internal(set) var calls = 0
    /// Connections since the server's start.
    package internal(set) var connections = 0
    package internal(set) var openConnections = 0
    /// Requests in progress now, and at most at once.
    package internal(set) var activeCalls = 0
    package internal(set) var maximumActiveCalls = 0
    /// Replies that the client abandoned.
    package internal(set) var abandonedReplies = 0
    /// Bytes accepted by sockets.
    package internal(set) var bytesSent = 0
    /// Billed tokens, by model.
    package internal(set) var bill: [String: ScriptedUsage] = [:]
    /// Billed replies, by model.
    package internal(set) var billedCalls: [String: Int] = [:]
}
