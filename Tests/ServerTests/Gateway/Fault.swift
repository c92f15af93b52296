import ScriptedUpstream
import Testing

/// A fault of a model's server, with what the client gets and what is booked.
struct Fault: Sendable, CustomTestStringConvertible {
    /// What the ledger holds after the call.
    enum Booking: String, Sendable {
        case nothing
        /// An entry with the server's count.
        case counted
        /// An entry that says it is an estimate, or the bound that was reserved.
        case uncertain
    }

    let name: String
    /// Whether the call asks for a stream.
    let isStream: Bool
    /// The client's status where no other model can answer.
    let status: Int
    let booking: Booking
    /// Entries of the model's calls: two where a connection broke before its first byte, which is tried again.
    let entries: Int
    /// Whether the client gets the words of this server, in whole or in part.
    let isDelivered: Bool
    let reply: @Sendable () -> ScriptedReply

    init(
        _ name: String, isStream: Bool = false, status: Int, _ booking: Booking, entries: Int? = nil,
        isDelivered: Bool? = nil, reply: @escaping @Sendable () -> ScriptedReply
    ) {
        self.name = name
        self.isStream = isStream
        self.status = status
        self.booking = booking
        self.entries = entries ?? (booking == .nothing ? 0 : 1)
        self.isDelivered = isDelivered ?? (status == 200)
        self.reply = reply
    }

    var testDescription: String { "\(name)\(isStream ? ", streamed" : "")" }

    /// A line of the table in docs/reference/faults.md.
    var line: String {
        let alone = isDelivered && status == 200 ? "200" : "\(status)"
        let other = isDelivered ? "the same" : "its answer"
        let booked = entries > 1 ? "\(booking.rawValue), \(entries) entries" : booking.rawValue
        return "| \(name) | \(isStream ? "stream" : "whole") | \(alone) | \(other) | \(booked) |"
    }
}

extension Fault {
    static let usage = ScriptedUsage(promptTokens: 100, completionTokens: 10)
    private static let words = ["four ", "and ", "more "]
    private static let json =
        #"{"id":"c","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"four"},"#
        + #""finish_reason":"stop"}],"usage":{"prompt_tokens":100,"completion_tokens":10,"total_tokens":110}}"#
    private static let pieces = [
        #"{"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"four"}}]}"#,
        #"{"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
        #"{"model":"m","choices":[],"usage":{"prompt_tokens":100,"completion_tokens":10,"total_tokens":110}}"#,
    ]

    /// Bytes as chunks of one byte each.
    private static func single(_ bytes: [UInt8], type: String, trailer: String = "") -> ScriptedReply {
        let head = ScriptedReply.head(200, [("content-type", type), ("transfer-encoding", "chunked")])
        let (before, after) = (Array("1\r\n".utf8), Array("\r\n".utf8))
        let chunks = bytes.flatMap { (byte: UInt8) -> [UInt8] in before + [byte] + after }
        return ScriptedReply([.send(head), .send(chunks + Array("0\r\n\(trailer)\r\n".utf8))])
    }

    private static func statuses(_ codes: [Int], as status: Int, _ booking: Booking = .nothing) -> [Fault] {
        codes.map { code in
            Fault("status \(code)", status: status, booking) { .status(code) }
        }
    }

    static let all: [Fault] = [
        statuses([400, 413, 422], as: 400), statuses([401, 402, 403, 404, 408, 409, 500, 501, 502, 520], as: 502),
        statuses([429], as: 429), statuses([503], as: 502), statuses([529], as: 503),
        statuses([504, 524], as: 502, .uncertain),
        connections, bodies, streams,
    ].flatMap { $0 }

    private static let connections: [Fault] = [
        Fault("closes without an answer", status: 502, .uncertain, entries: 2) { .nothing(.close) },
        Fault("resets without an answer", status: 502, .uncertain, entries: 2) { .nothing(.reset) },
        Fault("no first byte in time", status: 504, .uncertain) {
            .completion("four", usage: usage).delayed(by: .seconds(5))
        },
        Fault("stalls in the body", status: 504, .uncertain) {
            .completion("four", usage: usage).cut(afterBytes: 150, by: .hang)
        },
        Fault("resets in the body", status: 502, .uncertain) {
            .completion("four", usage: usage).cut(afterBytes: 150, by: .reset)
        },
        Fault("a redirect, which the key never follows", status: 502, .nothing) {
            .json("{}", status: 302, headers: [("location", "http://127.0.0.1:1/")])
        },
        Fault("HTTP/1.0", status: 200, .counted) {
            .raw("HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n\(json)")
        },
        Fault("chunks of one byte, and a trailer", status: 200, .counted) {
            single(Array(json.utf8), type: "application/json", trailer: "x-end: 1\r\n")
        },
        Fault("gzip that was not asked for", status: 200, .counted) {
            .body(ScriptedReply.gzip(Array(json.utf8)), type: "application/json", encoding: "gzip")
        },
    ]

    private static let bodies: [Fault] = [
        Fault("fewer bytes than promised", status: 502, .uncertain) {
            .wrongContentLength(String(json.prefix(60)), promised: 600)
        },
        Fault("JSON that is cut off", status: 502, .uncertain) { .json(String(json.prefix(60))) },
        Fault("a page of a proxy", status: 502, .uncertain) {
            .body(Array("<html>Bad day</html>".utf8), type: "text/html")
        },
        Fault("an empty body", status: 502, .uncertain) { .body([], type: "application/json") },
        Fault("more bytes than limits.answer_bytes", status: 502, .uncertain) { .huge(bytes: 1 << 20) },
        Fault("an endless body", status: 504, .uncertain) { .drip(every: .milliseconds(100)) },
        Fault("an error object with status 200", status: 502, .nothing) {
            .json(#"{"error":{"message":"out of memory","type":"server_error"}}"#)
        },
        Fault("an answer of another type", status: 200, .counted) { .body(Array(json.utf8), type: "text/plain") },
        Fault("no usage", status: 200, .uncertain) { .completion("four") },
        Fault("an answer without choices", status: 502, .uncertain) { .json(#"{"id":"c","choices":[]}"#) },
    ]

    private static let streams: [Fault] = [
        Fault("closes before the first event", isStream: true, status: 502, .uncertain) {
            ScriptedReply([.send(ScriptedReply.head(200, [("content-type", "text/event-stream")])), .close])
        },
        Fault("an error event before words", isStream: true, status: 502, .nothing) {
            .events([#"data: {"error":{"message":"out of memory"}}"#])
        },
        Fault("an error event after words", isStream: true, status: 200, .uncertain) {
            .events(["data: \(pieces[0])", #"data: {"error":{"message":"out of memory"}}"#])
        },
        Fault("a reset after words", isStream: true, status: 200, .uncertain) {
            .stream(words, usage: usage).cut(afterBytes: 700, by: .reset)
        },
        Fault("a stall after words", isStream: true, status: 200, .uncertain) {
            .stream(words, usage: usage).cut(afterBytes: 700, by: .hang)
        },
        Fault("an event that is no JSON", isStream: true, status: 200, .uncertain) {
            .events(["data: \(pieces[0])", "data: {\"choices\":[", "data: [DONE]"])
        },
        Fault("no [DONE]", isStream: true, status: 200, .counted) {
            .stream(words, usage: usage, endsWithDone: false)
        },
        Fault("no usage", isStream: true, status: 200, .uncertain) { .stream(words) },
        Fault("the usage twice", isStream: true, status: 200, .counted) {
            .events((pieces + [pieces[2], "[DONE]"]).map { "data: \($0)" })
        },
        Fault("chunks of one byte", isStream: true, status: 200, .counted) {
            single(ScriptedReply.lines(pieces + ["[DONE]"]), type: "text/event-stream")
        },
        Fault("a whole answer in place of a stream", isStream: true, status: 200, .counted) {
            .completion("four", usage: usage)
        },
    ]
}
