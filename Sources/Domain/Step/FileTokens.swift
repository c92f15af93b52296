/// Tokens of the files of a prompt, before a server has read them.
package struct FileTokens: Hashable, Sendable {
    /// Files.
    package var count = 0
    /// Expected tokens of all files.
    package var likely = 0
    /// An upper bound of them, where no size is unknown.
    package var atMost = 0
    /// Whether a file is named by an id or an address, so that it may fill a model's context.
    package var hasUnknownSize = false

    /// PDF text is compressed to about a quarter, and a page is read as an image, too: about four tokens a byte.
    private static let mostPerByte = 4
    private static let least = 3000
    private static let likelyBytesPerToken = 20
    private static let likelyLeast = 2000

    package init() {}

    /// Adds a file.
    ///
    /// - Parameter bytes: its size; nil where only its server knows.
    package mutating func add(bytes: Int?) {
        count += 1
        likely += max(Self.likelyLeast, (bytes ?? 0) / Self.likelyBytesPerToken)
        atMost += Self.least + Self.mostPerByte * (bytes ?? 0)
        if bytes == nil { hasUnknownSize = true }
    }

    /// Adds some files.
    package mutating func add(_ other: FileTokens) {
        count += other.count
        likely += other.likely
        atMost += other.atMost
        hasUnknownSize = hasUnknownSize || other.hasUnknownSize
    }

    /// Removes files that were added. Which sizes are unknown is not told apart: one may be left as long as a file is.
    package mutating func remove(_ other: FileTokens) {
        count -= other.count
        likely -= other.likely
        atMost -= other.atMost
        hasUnknownSize = hasUnknownSize && count > 0
    }
}
