import Domain
import JSON

/// An item of a response's output.
struct ResponsesItem {
    enum Status: String {
        case inProgress = "in_progress"
        case completed, incomplete
    }

    /// Words of a message.
    struct Part {
        let isRefusal: Bool
        var words: String

        func write(to part: inout JSONWriter) {
            part.member("type", isRefusal ? "refusal" : "output_text")
            part.member(isRefusal ? "refusal" : "text", words)
            guard !isRefusal else { return }
            part.member("annotations", array: { _ in })
            part.member("logprobs", array: { _ in })
        }
    }

    enum Content {
        case message([Part])
        case call(id: String, name: String, arguments: String)
    }

    let id: String
    var content: Content
    var status = Status.inProgress

    /// - Parameters:
    ///   - response: the digits of the response's id, which the ids of its items are made of.
    ///   - index: of the item in the output.
    init(_ content: Content, of response: String, index: Int) {
        let kind = if case .message = content { "msg" } else { "fc" }
        id = "\(kind)_\(response)_\(index)"
        self.content = content
    }

    func write(to item: inout JSONWriter) {
        item.member("id", id)
        switch content {
        case .message(let parts):
            item.member("type", "message")
            item.member("status", status.rawValue)
            item.member("role", "assistant")
            item.member("content", array: { list in for part in parts { list.object { part.write(to: &$0) } } })
        case .call(let id, let name, let arguments):
            item.member("type", "function_call")
            item.member("status", status.rawValue)
            item.member("call_id", id)
            item.member("name", name)
            item.member("arguments", arguments)
        }
    }
}
