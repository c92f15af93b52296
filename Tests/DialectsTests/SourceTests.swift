import Domain
import JSON
import TestSupport
import Testing

@testable import Dialects

@Suite("Optional sources of requests")
struct SourceTests {
    private static func body(_ parts: String, hera: String = "") throws -> JSONDocument {
        try JSONDocument(
            Array(
                #"{"model":"hera","messages":[{"role":"user","content":[{"type":"text","text":"When was the Marlow lighthouse built?"},\#(parts)]}]\#(hera)}"#
                    .utf8))
    }

    private static let passages =
        #"{"type":"text","text":"The Marlow lighthouse was built in 1871.","hera":{"source":"a","optional":true}},"#
        + #"{"type":"text","text":"Bread is baked at night.","hera":{"source":"b","optional":true}},"#
        + #"{"type":"text","text":"Answer briefly.","hera":{"source":"c"}}"#

    @Test("marks are in no request, and what is not optional is always sent")
    func unmarked() throws {
        let request = try ChatRequest(try Self.body(Self.passages))
        let sources = try #require(request.sources)
        #expect(sources.step.sources.map(\.id) == ["a", "b"])
        #expect(!request.document.bytes.containsText("hera\":{"))
        let none = try #require(sources.request(sending: 0))
        #expect(none.messages[0].text == "When was the Marlow lighthouse built?\nAnswer briefly.")
        let first = try #require(sources.request(sending: 1))
        #expect(first.messages[0].text.contains("1871"))
        #expect(!first.messages[0].text.contains("Bread"))
        #expect(first.sources == nil)
    }

    @Test("a mark may have blanks behind its key, and the model of that name is none")
    func keys() throws {
        let spaced = Self.passages.replacing("\"hera\":{", with: "\"hera\" \n : {")
        #expect(try ChatRequest(try Self.body(spaced)).sources?.step.sources.map(\.id) == ["a", "b"])
        #expect(try ChatRequest(try Self.body(#"{"type":"text","text":"hera"}"#)).sources == nil)
    }

    @Test("a passage that the question's words are in is worth more than one without them")
    func relevance() throws {
        let request = try ChatRequest(try Self.body(Self.passages))
        let subsets = try #require(request.sources?.step.subsets)
        // The other subsets are dominated: "b" adds text and nothing else.
        #expect(Set(subsets.map(\.mask)) == [0, 1])
        #expect(subsets.first { $0.mask == 1 }?.qualityShare == 1)
        #expect(try #require(subsets.first { $0.mask == 0 }).qualityShare < 0.5)
    }

    @Test("a second passage with the same words adds nothing, and one with other words does")
    func redundancy() {
        func share(_ texts: [String], _ sent: [Int]) -> Double {
            SourceRelevance(
                question: "Where was the architect of the Marlow lighthouse born?",
                sources: texts.map { .init(name: "x", text: $0, isText: true, given: nil) }
            ).qualityShare(sending: sent.reduce(0) { $0 | 1 << UInt64($1) })
        }
        let twice = ["Marlow lighthouse architect born", "Marlow lighthouse"]
        #expect(share(twice, [0]) == 1)
        let both = ["The Marlow lighthouse is by Ann Lee.", "Ann Lee, an architect, was born in York."]
        #expect(share(both, [0]) < 1)
        #expect(share(both, [0, 1]) == 1)
    }

    @Test("with no word in common, all sources are worth the same")
    func noWords() {
        let relevance = SourceRelevance(
            question: "Why?", sources: ["one", "two"].map { .init(name: "x", text: $0, isText: true, given: nil) })
        #expect(relevance.qualityShare(sending: 0b01) == relevance.qualityShare(sending: 0b10))
        #expect(relevance.qualityShare(sending: 0b01) < relevance.qualityShare(sending: 0b11))
    }

    @Test(
        "a rule of the request chooses the sources",
        arguments: [
            (#""all""#, UInt64(0b11)), (#""none""#, 0), (#"["b"]"#, 0b10), ("[]", 0),
        ])
    func rule(_ rule: String, _ mask: UInt64) throws {
        let request = try ChatRequest(try Self.body(Self.passages, hera: #","hera":{"sources":\#(rule)}"#))
        #expect(request.sources?.step.subsets.map(\.mask) == [mask])
    }

    @Test(
        "a wrong mark or rule is an error that names it",
        arguments: [
            (
                #"{"type":"text","text":"x","hera":{"source":"a"}},{"type":"text","text":"y","hera":{"source":"a"}}"#,
                "", "twice"
            ),
            (#"{"type":"text","text":"x","hera":{"optional":true}}"#, "", "source"),
            (#"{"type":"text","text":"x","hera":{"source":"a","optinal":true}}"#, "", "optional"),
            (#"{"type":"text","text":"x","hera":{"source":"a b"}}"#, "", "without spaces"),
            (passages, #","hera":{"sources":["d"]}"#, "no optional source is called 'd'"),
            (passages, #","hera":{"sources":"some"}"#, "auto, all, none"),
        ])
    func wrong(_ parts: String, _ hera: String, _ words: String) throws {
        let error = #expect(throws: FieldError.self) { try ChatRequest(try Self.body(parts, hera: hera)) }
        #expect(error?.description.contains(words) == true)
    }

    @Test("where every part is optional, at least one is sent")
    func allOptional() throws {
        let text =
            #"{"model":"hera","messages":[{"role":"user","content":[{"type":"text","text":"one","hera":{"source":"a","optional":true}}]}]}"#
        let request = try ChatRequest(try JSONDocument(Array(text.utf8)))
        #expect(request.sources?.step.subsets.map(\.mask) == [1])
        let none = text.dropLast() + #","hera":{"sources":"none"}}"#
        let error = #expect(throws: FieldError.self) { try ChatRequest(try JSONDocument(Array(none.utf8))) }
        #expect(error?.description.contains("no message of the user") == true)
    }

    @Test("an old turn may be optional, and the cache holds it where it was sent last time")
    func turn() throws {
        let text =
            #"{"model":"hera","messages":[{"role":"user","content":"Tell me of York.","hera":{"source":"old","optional":true}},{"role":"assistant","content":"York is old."},{"role":"user","content":"What is 2+2?"}]}"#
        let request = try ChatRequest(try JSONDocument(Array(text.utf8)))
        let sources = try #require(request.sources)
        #expect(sources.request(sending: 0)?.messages.count == 2)
        #expect(sources.request(sending: 1)?.messages.count == 3)
        var step = request.step(id: "s", runID: "r", previousModel: ModelID("m"))
        func subset(_ mask: UInt64) -> SourceSubset {
            SourceSubset(mask: mask, qualityShare: 1, textBytes: 0, images: 0, needs: [])
        }
        let (whole, without) = (subset(1), subset(0))
        #expect(step.cachedTokens > 0)
        // Nothing is known of what was sent before, or it was sent then and is not now.
        #expect(step.sending(whole).cachedTokens == 0)
        step.previousWay = AskedWay(sources: ["old"])
        #expect(step.sending(whole).cachedTokens == step.cachedTokens)
        #expect(step.sending(without).cachedTokens == 0)
        step.previousWay = AskedWay(sources: [])
        #expect(step.sending(without).cachedTokens > 0)
    }

    @Test("an image that is optional leaves models without eyes able to answer")
    func image() throws {
        let image =
            #"{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"},"hera":{"source":"side-view","optional":true}}"#
        let request = try ChatRequest(try Self.body(image))
        let step = request.step(id: "s", runID: "r", previousModel: nil)
        let without = try #require(step.sources?.subsets.first { $0.mask == 0 })
        #expect(request.needs.contains(.vision))
        #expect(!step.sending(without).needs.contains(.vision))
        #expect(step.sending(without).images == 0)
        #expect(step.sending(without).promptTokensAtMost < step.promptTokensAtMost - 40_000)
    }

    @Test(
        "a PDF that is optional leaves models that read none able to answer, and its tokens go with it",
        arguments: [
            #"{"type":"file","file":{"file_data":"data:application/pdf;base64,AAAABBBBCCCC"}"#,
            #"{"type":"file","file":{"file_id":"file-1"}"#,
        ])
    func file(_ part: String) throws {
        let request = try ChatRequest(try Self.body(part + #","hera":{"source":"report","optional":true}}"#))
        let step = request.step(id: "s", runID: "r", previousModel: nil)
        let subsets = try #require(step.sources?.subsets)
        let with = step.sending(try #require(subsets.first { $0.mask == 1 }))
        let without = step.sending(try #require(subsets.first { $0.mask == 0 }))
        #expect(with.needs.contains(.pdf) && with.files == step.files)
        #expect(!without.needs.contains(.pdf) && without.files == FileTokens())
        let bare = try #require(request.sources?.request(sending: 0)).step(id: "s", runID: "r", previousModel: nil)
        #expect(without.promptTokensAtMost >= bare.promptTokensAtMost)
        #expect(without.promptTokensAtMost < bare.promptTokensAtMost + 200)
    }

    @Test("calls of custom tools and their results cannot be marked")
    func customTools() throws {
        for item in [
            #"{"type":"custom_tool_call","call_id":"c","name":"n","input":"i""#,
            #"{"type":"custom_tool_call_output","call_id":"c","output":"o""#,
        ] {
            let text = #"{"model":"hera","input":[\#(item),"hera":{"source":"a","optional":true}}]}"#
            let error = #expect(throws: FieldError.self) {
                try ResponsesRequest(try JSONDocument(Array(text.utf8)))
            }
            #expect(error?.description.contains("belong together") == true)
        }
    }

    @Test("the other dialects know marks, too, in the request that their own servers get")
    func dialects() throws {
        let messages =
            #"{"model":"hera","max_tokens":10,"messages":[{"role":"user","content":[{"type":"text","text":"When was Marlow built?"},{"type":"text","text":"Bread.","hera":{"source":"b","optional":true}}]}]}"#
        let anthropic = try MessagesRequest(try JSONDocument(Array(messages.utf8))).chat
        let none = try #require(anthropic.sources?.request(sending: 0))
        #expect(none.original?.document.bytes.containsText("Bread") == false)
        #expect(anthropic.original?.document.bytes.containsText("source") == false)
        let responses =
            #"{"model":"hera","input":[{"role":"user","content":[{"type":"input_text","text":"When was Marlow built?"},{"type":"input_text","text":"Bread.","hera":{"source":"b","optional":true}}]}]}"#
        let other = try ResponsesRequest(try JSONDocument(Array(responses.utf8))).chat
        #expect(other.sources?.request(sending: 0)?.document.bytes.containsText("Bread") == false)
        #expect(other.document.bytes.containsText("Bread"))
    }

    @Test("of many sources the subsets form a chain of at most one more than there are sources")
    func many() throws {
        let parts = (0..<20).map {
            #"{"type":"text","text":"passage \#($0)","hera":{"source":"s\#($0)","optional":true}}"#
        }.joined(separator: ",")
        let request = try ChatRequest(try Self.body(parts))
        #expect(try #require(request.sources).step.subsets.count <= 21)
    }
}

extension [UInt8] {
    fileprivate func containsText(_ text: String) -> Bool { String(decoding: self, as: UTF8.self).contains(text) }
}
