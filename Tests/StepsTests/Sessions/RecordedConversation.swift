import Dialects
import Domain
import JSON
import TestSupport

/// A long agent conversation, generated from a seed in the shape of real ones: a system prompt, user requests, tool
/// loops, and short remarks ("commit it").
struct RecordedConversation: Sendable, CustomStringConvertible {
    let name: String
    let system: String
    /// User requests, and the number of tool calls that answer each.
    let requests: [(words: String, tools: Int)]
    let seed: UInt64

    var description: String { name }

    /// The bodies of all calls, in order.
    func calls() throws -> [ChatRequest] {
        var generator = SeededGenerator(seed: seed)
        var messages = [Self.message("system", system)]
        var calls: [ChatRequest] = []
        for request in requests {
            messages.append(Self.message("user", request.words))
            for turn in 0...request.tools {
                let body = #"{"model":"hera","messages":[\#(messages.joined(separator: ","))]}"#
                calls.append(try ChatRequest(JSONDocument(Array(body.utf8))))
                guard turn < request.tools else {
                    messages.append(Self.message("assistant", "Done: \(Self.words(40, &generator))"))
                    break
                }
                let id = "call_\(calls.count)"
                let arguments = #"{\"path\":\"src/file\#(Int.random(in: 1...30, using: &generator)).swift\"}"#
                messages.append(
                    #"{"role":"assistant","content":null,"tool_calls":[{"id":"\#(id)","type":"function","function":{"name":"read","arguments":"\#(arguments)"}}]}"#
                )
                let result = Self.words(Int.random(in: 80...400, using: &generator), &generator)
                messages.append(#"{"role":"tool","tool_call_id":"\#(id)","content":"\#(result)"}"#)
            }
        }
        return calls
    }

    private static func message(_ role: String, _ text: String) -> String {
        #"{"role":"\#(role)","content":"\#(text)"}"#
    }

    private static let vocabulary = [
        "function", "returns", "value", "the", "error", "line", "test", "passes", "fails", "module", "import", "user",
        "table", "row", "index", "cache", "request", "timeout", "of", "with", "and", "price", "result", "file",
    ]

    private static func words(_ count: Int, _ generator: inout SeededGenerator) -> String {
        (0..<count).map { _ in vocabulary[Int.random(in: 0..<vocabulary.count, using: &generator)] }
            .joined(separator: " ")
    }

    static let all = [
        RecordedConversation(
            name: "a coding agent",
            system: "You are a coding agent. Use the tools. " + String(repeating: "Rule. ", count: 400),
            requests: [
                ("Find why the import fails and repair it", 12), ("Run the tests again", 6), ("commit it", 2),
                ("Now add a test for the empty file", 9), ("commit it", 1),
            ], seed: 1),
        RecordedConversation(
            name: "a research agent", system: "You search and read.",
            requests: [("Compare the three vendors' prices and write a table", 24), ("Shorten it", 0)], seed: 2),
        RecordedConversation(
            name: "a data agent", system: "You answer questions over a database.",
            requests: [
                ("Which region grew most last year?", 7), ("And the year before?", 6), ("Plot it", 4), ("thanks", 0),
                ("Export the rows", 3),
            ], seed: 3),
        RecordedConversation(
            name: "a support agent", system: "You help customers. " + String(repeating: "Policy. ", count: 1500),
            requests: [
                ("My parcel has not come", 5), ("The number is 4711", 6), ("Yes", 3), ("Refund it", 7), ("ok", 1),
                ("bye", 0),
            ], seed: 4),
    ]
}
