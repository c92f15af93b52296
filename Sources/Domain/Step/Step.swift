/// One unit of work for one model: a step of an agent, or one chat call.
package struct Step: Sendable {
    package var id: String
    /// The job or session of the step.
    package var runID: String
    /// 1 for the first step. In a chat: assistant turns since the last user request, plus one.
    package var position: Int
    package var text: StepText
    /// Expected prompt tokens. Images count as those of a model without a figure of its own (see `read(by:)`).
    package var promptTokens: Int
    /// An upper bound for every tokenizer: the prompt's bytes, a few tokens per message, and its images.
    package var promptTokensAtMost: Int
    /// The caller's limit for the answer, or nil.
    package var maxOutputTokens: Int?
    package var needs: Set<Capability>
    /// The one format that the request can be said in; nil where every server's will do.
    package var wireNeed: WireNeed?
    /// Answers that are asked for (`n`).
    package var choices = 1
    /// Files in the prompt.
    package var files = FileTokens()
    /// The model of the previous step, whose prompt cache a switch would lose.
    package var previousModel: ModelID?
    /// Prompt tokens in the previous model's cache.
    package var cachedTokens: Int
    /// Marks for caches in the request.
    package var cacheMarks = CacheMarks.open
    /// Images in the prompt, and how many of them are in the previous model's cache.
    package var images: Int
    package var cachedImages: Int
    /// Digests of the messages so far, to detect a run that rewrites its history. Empty if nothing compares them.
    package var history: StepHistory
    /// How the run goes so far.
    package var signs: RunSigns
    /// The effort that the caller has set, which is kept; nil where a level may be chosen.
    package var effort: AskedEffort?
    /// How the previous step asked its model.
    package var previousWay = AskedWay()
    /// Whether the answer is passed on as it comes.
    package var isStream = false
    /// Whether the answer has to call a tool, beside which some servers take no thinking.
    package var forcesTool = false
    /// The optional sources of the prompt, which counts all of them; nil without any.
    package var sources: StepSources?

    package init(
        id: String, runID: String, position: Int, text: StepText, promptTokens: Int, promptTokensAtMost: Int,
        maxOutputTokens: Int? = nil, needs: Set<Capability> = [], previousModel: ModelID? = nil, cachedTokens: Int = 0,
        images: Int = 0, cachedImages: Int = 0, history: StepHistory = StepHistory(),
        signs: RunSigns = RunSigns()
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
        self.history = history
        self.signs = signs
    }

    /// The step with each image at the tokens that the model bills, if known, and files at no more than its context.
    package func read(by model: Model) -> Step {
        var step = self
        let size = size(for: model)
        (step.promptTokens, step.promptTokensAtMost) = (size.promptTokens, size.promptTokensAtMost)
        guard images > 0, model.images != nil else { return step }
        step.cachedTokens = size.cachedTokens
        // The images are now counted as tokens, which makes this idempotent.
        (step.images, step.cachedImages) = (0, 0)
        return step
    }

    /// The prompt's tokens as a model reads it, without a copy of the step.
    package func size(for model: Model) -> PromptSize {
        var size = PromptSize(
            promptTokens: promptTokens, promptTokensAtMost: promptTokensAtMost, cachedTokens: cachedTokens)
        if files.count > 0 {
            size.promptTokensAtMost =
                files.hasUnknownSize ? model.contextTokens : min(promptTokensAtMost, max(model.contextTokens, 1))
            size.promptTokens = min(promptTokens, size.promptTokensAtMost)
        }
        guard images > 0, let tokens = model.images else { return size }
        size.promptTokens += images * (tokens.likely - ImageTokens.likelyWhereUnknown)
        size.promptTokensAtMost += images * (tokens.most - ImageTokens.mostWhereUnknown)
        size.cachedTokens += cachedImages * (tokens.likely - ImageTokens.likelyWhereUnknown)
        return size
    }
}

/// Tokens of a step's prompt as one model reads it.
package struct PromptSize: Hashable, Sendable {
    /// Expected tokens of the prompt.
    package var promptTokens: Int
    /// An upper bound of them.
    package var promptTokensAtMost: Int
    /// Those in the previous model's cache.
    package var cachedTokens: Int
}

/// A format that alone can say what a request asks for.
package struct WireNeed: Hashable, Sendable {
    /// The format.
    package var wire: WireFormat
    /// What needs it, such as `logprobs`.
    package var member: String

    package init(_ wire: WireFormat, for member: String) {
        self.wire = wire
        self.member = member
    }
}

/// The text of a step that estimators read: the prompt and its tools.
package struct StepText: Hashable, Sendable {
    /// The request or subtask itself (in a chat: the unanswered messages).
    package var prompt: String
    /// The tool schemas as JSON text; nil without tools.
    package var tools: String?
    /// Messages and tool results since the request, newest last, abridged. Empty at the start of a run.
    package var history: String

    package init(prompt: String, tools: String? = nil, history: String = "") {
        self.prompt = prompt
        self.tools = tools
        self.history = history
    }
}

/// Digests of a run's messages: one per message, each over all messages up to it.
///
/// A later call of the same run begins with the messages of the earlier one. If not, the run has rewritten its history.
/// FNV-1a of 64 bits detects mistakes, not adversaries.
package struct StepHistory: Hashable, Sendable {
    package private(set) var digests: [UInt64] = []

    package init() {}

    /// The history of some messages, each as its bytes.
    package init(_ messages: some Sequence<some Collection<UInt8>>) {
        for message in messages { append { $0.combine(message) } }
    }

    /// Appends a message.
    ///
    /// - Parameter combine: combines the pieces of the message.
    package mutating func append(_ combine: (inout TextHash) -> Void) {
        var hash = TextHash(continuing: digests.last ?? 0)
        combine(&hash)
        digests.append(hash.value)
    }

    package var isEmpty: Bool { digests.isEmpty }

    /// The position to compare later histories with.
    package var end: End? { digests.last.map { End(count: digests.count, digest: $0) } }

    /// Whether this history continues from the end of an earlier one.
    package func follows(_ end: End) -> Bool {
        digests.count >= end.count && digests[end.count - 1] == end.digest
    }

    /// The end of a history: the number of messages and their digest.
    package struct End: Hashable, Sendable {
        package var count: Int
        package var digest: UInt64

        package init(count: Int, digest: UInt64) {
            self.count = count
            self.digest = digest
        }
    }
}
