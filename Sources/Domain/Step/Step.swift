/// One unit of work for one model: a step of an agent, or one chat call.
package struct Step: Sendable {
    package var id: String
    /// The job or the session that the step belongs to.
    package var runID: String
    /// 1 for the first step. In a chat: assistant turns since the last user request, plus one.
    package var position: Int
    package var text: StepText
    /// Expected prompt tokens; its images count as those of a model that says nothing of them (see `read`).
    package var promptTokens: Int
    /// No tokenizer makes more tokens than this of the prompt: its bytes, a few marks per message, and its images.
    package var promptTokensAtMost: Int
    /// The caller's limit for the answer, or nil.
    package var maxOutputTokens: Int?
    package var needs: Set<Capability>
    /// The model of the step before, whose prompt cache a switch would lose.
    package var previousModel: ModelID?
    /// Prompt tokens that the previous model holds in its cache.
    package var cachedTokens: Int
    /// Images among the prompt, and how many of them the previous model holds in its cache.
    package var images: Int
    package var cachedImages: Int
    /// The messages that led here, so that a run which rewrites its past is seen; empty where nobody looks.
    package var trail: StepHistory

    package init(
        id: String, runID: String, position: Int, text: StepText, promptTokens: Int, promptTokensAtMost: Int,
        maxOutputTokens: Int? = nil, needs: Set<Capability> = [], previousModel: ModelID? = nil, cachedTokens: Int = 0,
        images: Int = 0, cachedImages: Int = 0, trail: StepHistory = StepHistory()
    ) {
        self.id = id
        self.runID = runID
        self.position = position
        self.text = text
        self.promptTokens = promptTokens
        self.promptTokensAtMost = promptTokensAtMost
        self.maxOutputTokens = maxOutputTokens
        self.needs = needs
        self.previousModel = previousModel
        self.cachedTokens = cachedTokens
        self.images = images
        self.cachedImages = cachedImages
        self.trail = trail
    }

    /// The step as a model reads it: each image at what the model bills for one, where that is known.
    package func read(by model: Model) -> Step {
        guard images > 0, let tokens = model.images else { return self }
        var step = self
        step.promptTokens += images * (tokens.likely - ImageTokens.likelyWhereUnknown)
        step.promptTokensAtMost += images * (tokens.most - ImageTokens.mostWhereUnknown)
        step.cachedTokens += cachedImages * (tokens.likely - ImageTokens.likelyWhereUnknown)
        // They are counted: whoever reads it for the same model once more changes nothing.
        (step.images, step.cachedImages) = (0, 0)
        return step
    }
}

/// The words of a step that estimators read: what is asked, and with which tools.
package struct StepText: Hashable, Sendable {
    /// The request or subtask itself (in a chat: the messages that the model has not answered yet).
    package var prompt: String
    /// The text of the tool schemas as JSON, or nil where none are offered.
    package var tools: String?
    /// What was said, called and came back since the request, newest last, shortened; empty at the start of a run.
    package var history: String

    package init(prompt: String, tools: String? = nil, history: String = "") {
        self.prompt = prompt
        self.tools = tools
        self.history = history
    }
}

/// The messages of a run as digests, one a message, each over all messages up to it.
///
/// A later call of the same run begins with the messages of the earlier one; where it does not, the run has changed its
/// history. FNV-1a of 64 bits: against mistakes, not against an adversary.
package struct StepHistory: Hashable, Sendable {
    package private(set) var digests: [UInt64] = []

    package init() {}

    /// The trail of some messages, each as its bytes.
    package init(_ messages: some Sequence<some Sequence<UInt8>>) {
        for message in messages { append(message) }
    }

    package mutating func append(_ message: some Sequence<UInt8>) {
        var digest = digests.last ?? 0xcbf2_9ce4_8422_2325
        for byte in message { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01b3 }
        // A mark after each message, so that the borders between messages count too.
        digests.append((digest ^ 0x1ff) &* 0x100_0000_01b3)
    }

    package var isEmpty: Bool { digests.isEmpty }

    /// Where this trail ends, to be remembered.
    package var end: End? { digests.last.map { End(count: digests.count, digest: $0) } }

    /// Whether this trail goes on from where another one ended.
    package func follows(_ end: End) -> Bool {
        digests.count >= end.count && digests[end.count - 1] == end.digest
    }

    /// The end of a trail: how many messages, and their digest.
    package struct End: Hashable, Sendable {
        package var count: Int
        package var digest: UInt64

        package init(count: Int, digest: UInt64) {
            self.count = count
            self.digest = digest
        }
    }
}
