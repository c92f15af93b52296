/// Why a model stopped writing.
package enum FinishReason: Hashable, Sendable {
    /// It was done, or met a stop sequence.
    case stop
    /// It ran into the limit of tokens.
    case length
    case toolCalls
    /// The provider withheld the answer, or the model refused.
    case contentFilter
    /// What no dialect known here says.
    case other(String)

    /// Reads the name in OpenAI's format.
    package init(openAI name: String) {
        self =
            switch name {
            case "stop": .stop
            case "length": .length
            case "tool_calls", "function_call": .toolCalls
            case "content_filter": .contentFilter
            default: .other(name)
            }
    }

    /// The name in OpenAI's format.
    package var openAIName: String {
        switch self {
        case .stop: "stop"
        case .length: "length"
        case .toolCalls: "tool_calls"
        case .contentFilter: "content_filter"
        case .other(let name): name
        }
    }
}
