import Dialects
import Domain
import JSON
import Testing
import Upstream

@Suite("Pieces of parallel calls of tools")
struct ToolCallPiecesTests {
    private static let weather = ToolCall(id: "c-11", name: "weather", arguments: #"{"city":"Rom"}"#)
    private static let clock = ToolCall(id: "c-22", name: "clock", arguments: #"{"tz":"UTC"}"#)

    /// One event with some pieces.
    private static func event(_ pieces: [String]) -> String {
        #"data: {"choices":[{"index":0,"delta":{"tool_calls":[\#(pieces.joined(separator: ","))]}}]}"# + "\n\n"
    }

    private static func piece(
        _ index: String?, id: String? = nil, name: String? = nil, _ arguments: String = ""
    ) -> String {
        var members: [String] = []
        if let index { members.append(#""index":\#(index)"#) }
        if let id { members.append(#""id":"\#(id)""#) }
        let name = name.map { #""name":"\#($0)","# } ?? ""
        let text = String(decoding: JSONWriter.quoted(arguments), as: UTF8.self)
        members.append(#""function":{\#(name)"arguments":\#(text)}"#)
        return "{\(members.joined(separator: ","))}"
    }

    @Test("two calls with one and the same id get ids of their own, streamed and whole", arguments: ["0", nil])
    func sameID(index: String?) throws {
        let (one, two) = (#"{"city":"Rom"}"#, #"{"city":"Oslo"}"#)
        var reader = ChatStreamReader(wire: .openAI, host: "h")
        let events = [
            Self.event([Self.piece(index, id: "c", name: "weather", one)]),
            Self.event([Self.piece(index.map { _ in "1" }, id: "c", name: "weather", two)]),
        ]
        let sent = try events.flatMap { try reader.feed(Array($0.utf8)) }
        #expect(reader.answer.toolCalls.map(\.id) == ["c", "c_1"])
        #expect(reader.answer.toolCalls.map(\.arguments) == [one, two])
        #expect(String(decoding: sent[1].openAIData ?? [], as: UTF8.self).contains(#""id":"c_1""#))
        let calls = [one, two].map {
            #"{"id":"c","type":"function","function":{"name":"weather","arguments":"#
                + String(decoding: JSONWriter.quoted($0), as: UTF8.self) + "}}"
        }
        let body = #"{"choices":[{"index":0,"message":{"tool_calls":[\#(calls.joined(separator: ","))]}}]}"#
        let whole = try OpenAIWire().answer(Array(body.utf8), host: "h")
        #expect(whole.answer.toolCalls.map(\.id) == ["c", "c_1"])
        #expect(String(decoding: whole.openAIBytes ?? [], as: UTF8.self).contains(#""id":"c_1""#))
    }

    /// Events of the same two calls, told apart in different ways.
    private static let ways: [[String]] = [
        // The same index, each with an id.
        [
            event([piece("0", id: "c-11", name: "weather", #"{"city":"Rom"}"#)]),
            event([piece("0", id: "c-22", name: "clock", #"{"tz":"UTC"}"#)]),
        ],
        // The same index, and arguments that come later.
        [
            event([piece("0", id: "c-11", name: "weather")]), event([piece("0", #"{"city":"#)]),
            event([piece("0", #""Rom"}"#)]), event([piece("0", id: "c-22", name: "clock")]),
            event([piece("0", #"{"tz":"UTC"}"#)]),
        ],
        // The same index, and the id in each piece.
        [
            event([piece("0", id: "c-11", name: "weather", #"{"city""#)]),
            event([piece("0", id: "c-22", name: "clock", #"{"tz""#)]), event([piece("0", id: "c-11", #":"Rom"}"#)]),
            event([piece("0", id: "c-22", #":"UTC"}"#)]),
        ],
        // Both in one event, without an index.
        [
            event([
                piece(nil, id: "c-11", name: "weather", #"{"city":"Rom"}"#),
                piece(nil, id: "c-22", name: "clock", #"{"tz":"UTC"}"#),
            ])
        ],
        // Without an index; what goes on has an id, or none.
        [
            event([piece(nil, id: "c-11", name: "weather", "{")]), event([piece(nil, #""city":"Rom"}"#)]),
            event([piece(nil, id: "c-22", name: "clock", "{")]), event([piece(nil, id: "c-22", #""tz":"UTC"}"#)]),
        ],
        // An index that is text.
        [
            event([piece(#""0""#, id: "c-11", name: "weather", #"{"city":"#)]),
            event([piece(#""1""#, id: "c-22", name: "clock", #"{"tz":"UTC"}"#)]), event([piece(#""0""#, #""Rom"}"#)]),
        ],
        // An index that is null, and one that does not begin with 0.
        [
            event([piece("null", id: "c-11", name: "weather", #"{"city":"Rom"}"#)]),
            event([piece("null", id: "c-22", name: "clock", #"{"tz":"UTC"}"#)]),
        ],
        [
            event([piece("3", id: "c-11", name: "weather", #"{"city":"Rom"}"#)]),
            event([piece("7", id: "c-22", name: "clock", #"{"tz":"UTC"}"#)]),
        ],
        // An id of its own for each piece, of which only the first has a name.
        [
            event([piece("0", id: "c-11", name: "weather", #"{"city""#)]), event([piece("0", id: "c-12", #":"Rom"}"#)]),
            event([piece("1", id: "c-22", name: "clock", #"{"tz":"UTC"}"#)]),
        ],
    ]

    @Test("two calls stay two, however their server tells them apart", arguments: ways.indices)
    func twoCalls(index: Int) throws {
        var reader = ChatStreamReader(wire: .openAI, host: "h")
        var openAI = OpenAIEventWriter()
        var anthropic = AnthropicEventWriter(id: "msg_1", model: "m", promptTokens: 1)
        var client: [UInt8] = []
        var message: [UInt8] = []
        for text in Self.ways[index] + ["data: [DONE]\n\n"] {
            for event in try reader.feed(Array(text.utf8)) {
                client += openAI.write(event)
                message += anthropic.write(event)
            }
        }
        func names(_ calls: [ToolCall]) -> [String] { calls.map { "\($0.name) \($0.arguments)" } }
        let expected = names([Self.weather, Self.clock])
        #expect(names(reader.answer.toolCalls) == expected)
        #expect(reader.answer.toolCalls.last?.id == "c-22")
        // Clients go by the index alone.
        var calls: [Int64: String] = [:]
        var lines = SSEReader()
        for event in try lines.feed(client) {
            guard let choice = try? JSONDocument(event.data).root["choices"]?.elements.first(where: { _ in true })
            else {
                continue
            }
            for piece in choice["delta"]?["tool_calls"].map({ Array($0.elements) }) ?? [] {
                let number = try #require(piece["index"]?.integer)
                calls[number, default: ""] += piece["function"]?["arguments"]?.string ?? ""
            }
        }
        #expect(calls == [0: Self.weather.arguments, 1: Self.clock.arguments])
        var again = ChatStreamReader(wire: .anthropic, host: "h")
        _ = try again.feed(message)
        #expect(again.failure == nil && names(again.answer.toolCalls) == expected)
    }

    @Test("calls without ids are told apart by their names and whole arguments")
    func withoutIDs() throws {
        for index in ["0", nil] {
            var reader = ChatStreamReader(wire: .openAI, host: "h")
            for text in [
                Self.event([Self.piece(index, name: "f", #"{"a":"#)]), Self.event([Self.piece(index, name: "f", "1}")]),
                Self.event([Self.piece(index, name: "f", #"{"a":2}"#)]),
                Self.event([Self.piece(index, name: "g", "{}")]),
            ] {
                _ = try reader.feed(Array(text.utf8))
            }
            #expect(reader.answer.toolCalls.map(\.name) == ["f", "f", "g"])
            #expect(reader.answer.toolCalls.map(\.arguments) == [#"{"a":1}"#, #"{"a":2}"#, "{}"])
        }
    }

    @Test("pieces of one call stay one call, though each repeats its name and id")
    func oneCall() throws {
        var reader = ChatStreamReader(wire: .openAI, host: "h")
        for arguments in [#"{"a""#, ":", "1}", ""] {
            _ = try reader.feed(Array(Self.event([Self.piece("0", id: "c", name: "f", arguments)]).utf8))
        }
        #expect(reader.answer.toolCalls == [ToolCall(id: "c", name: "f", arguments: #"{"a":1}"#)])
    }
}
