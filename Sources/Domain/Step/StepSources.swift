/// The optional sources of a step, and the subsets of them that are worth a look.
///
/// A source is a content part or message that may be left out: a view of a camera, a retrieved passage, an old turn.
package struct StepSources: Hashable, Sendable {
    /// In the order of the request; bit i of a mask stands for source i.
    package var sources: [StepSource]
    /// Subsets to choose from, at most `mostSubsets`; none is dominated by another. Never empty.
    package var subsets: [SourceSubset]
    /// What a model needs to read the step without any optional source.
    package var needsWithout: Set<Capability>

    /// Most subsets of a step.
    package static let mostSubsets = 64

    package init(sources: [StepSource], subsets: [SourceSubset], needsWithout: Set<Capability>) {
        self.sources = sources
        self.subsets = subsets
        self.needsWithout = needsWithout
    }

    /// The names of the sources in a mask, in the order of the request.
    package func names(in mask: UInt64) -> [String] {
        sources.indices.filter { mask >> UInt64($0) & 1 == 1 }.map { sources[$0].id }
    }

    /// Every source.
    package var all: UInt64 { sources.count >= 64 ? .max : (1 << UInt64(sources.count)) - 1 }
}

/// One optional source of a step, as far as routing reads it.
package struct StepSource: Hashable, Sendable {
    /// The name, unique in the request.
    package var id: String
    /// Bytes of its text.
    package var textBytes: Int
    /// Number of images.
    package var images: Int
    /// Files in it, whose bytes are no text.
    package var files: FileTokens
    /// What a model needs to read it.
    package var needs: Set<Capability>
    /// Tokens of the prompt before it, if it stands before the newest message, where a cache may hold it; else nil.
    package var tokensBefore: Int?

    package init(
        id: String, textBytes: Int, images: Int, files: FileTokens = FileTokens(), needs: Set<Capability>
    ) {
        self.id = id
        self.textBytes = textBytes
        self.images = images
        self.files = files
        self.needs = needs
    }

    /// Expected tokens of the text, about four bytes each, and of the files.
    package var textTokens: Int { (textBytes + 3) / 4 + files.likely }
}

/// Some of a step's optional sources.
package struct SourceSubset: Hashable, Sendable {
    /// Bit i stands for source i.
    package var mask: UInt64
    /// Share of a model's predicted quality that is expected to be left with these sources alone, 0...1; 1 with all.
    package var qualityShare: Double
    /// Its text in bytes, with files as the text of as many tokens.
    package var textBytes: Int
    /// Number of images.
    package var images: Int
    /// What a model needs to read it.
    package var needs: Set<Capability>

    package init(mask: UInt64, qualityShare: Double, textBytes: Int, images: Int, needs: Set<Capability>) {
        self.mask = mask
        self.qualityShare = qualityShare
        self.textBytes = textBytes
        self.images = images
        self.needs = needs
    }

    /// Whether another subset is at least as good at no more text, images and needs, and better in one of them.
    package func isDominated(by other: SourceSubset) -> Bool {
        let isNoWorse =
            other.qualityShare >= qualityShare && other.textBytes <= textBytes && other.images <= images
            && other.needs.isSubset(of: needs)
        guard isNoWorse, mask != other.mask else { return false }
        let isEqual = other.qualityShare == qualityShare && other.textBytes == textBytes && other.images == images
        return !isEqual || other.mask < mask
    }
}

extension Step {
    /// The step with some of its optional sources only.
    package func sending(_ subset: SourceSubset) -> Step {
        guard let sources else { return self }
        var step = self
        let left = sources.sources.indices.filter { subset.mask >> UInt64($0) & 1 == 0 }.map { sources.sources[$0] }
        let bytes = left.reduce(0) { $0 + $1.textBytes }
        let images = left.reduce(0) { $0 + $1.images }
        let files = left.reduce(into: FileTokens()) { $0.add($1.files) }
        step.promptTokens = max(
            1, step.promptTokens - (bytes + 3) / 4 - images * ImageTokens.likelyWhereUnknown - files.likely)
        step.promptTokensAtMost -= bytes + images * ImageTokens.mostWhereUnknown + files.atMost
        step.files.remove(files)
        step.images -= images
        step.keepCache(of: subset, of: sources)
        step.needs = sources.needsWithout.union(subset.needs)
        return step
    }

    /// Counts as cached what stands before the first source that was sent last time and is not now, or the reverse. What
    /// was sent of the history before is known from the previous step's way of asking.
    private mutating func keepCache(of subset: SourceSubset, of sources: StepSources) {
        guard cachedTokens > 0 else { return }
        var left = 0
        var leftImages = 0
        for (place, source) in sources.sources.enumerated() {
            guard let before = source.tokensBefore else { continue }
            let isSent = subset.mask >> UInt64(place) & 1 == 1
            guard let earlier = previousWay.sources, earlier.contains(source.id) == isSent else {
                cachedTokens = max(min(cachedTokens, before - left, promptTokens), 0)
                cachedImages = 0
                return
            }
            if isSent { continue }
            left += source.textTokens + source.images * ImageTokens.likelyWhereUnknown
            leftImages += source.images
        }
        cachedTokens = max(min(cachedTokens - left, promptTokens), 0)
        cachedImages = max(min(cachedImages - leftImages, images), 0)
    }
}
