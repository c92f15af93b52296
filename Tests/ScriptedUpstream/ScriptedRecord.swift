/// What a scripted server has seen and done so far.
package struct ScriptedRecord: Sendable {
    /// Every request, in the order in which it was complete. The newest 10,000 are kept.
    package internal(set) var requests: [ScriptedRequest] = []
    /// Requests over the server's life.
    package internal(set) var calls = 0
    /// Connections over the server's life.
    package internal(set) var connections = 0
    package internal(set) var openConnections = 0
    /// Requests being answered now, and the most there were at once.
    package internal(set) var activeCalls = 0
    package internal(set) var maximumActiveCalls = 0
    /// Replies that the client did not wait for.
    package internal(set) var abandonedReplies = 0
    /// Bytes that sockets have taken.
    package internal(set) var bytesSent = 0
    /// Tokens given out, by model.
    package internal(set) var bill: [String: ScriptedUsage] = [:]
    /// Replies that carried usage, by model.
    package internal(set) var billedCalls: [String: Int] = [:]
}
