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
