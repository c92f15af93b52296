package import JSON

/// Whose call it is for the caller itself: its end user, and tags of its own. Budgets and dashboards know both.
///
/// Both are texts without control characters, compared by their bytes. Nothing of them reaches a model.
package struct CallLabels: Hashable, Sendable {
    /// The end user; nil for none. 1 to 256 bytes.
    package private(set) var user: String?
    /// Sorted, each once: `nightly`, or `project=red` for a name with a value. At most 8.
    package private(set) var tags: [String] = []

    /// No user and no tags.
    package init() {}

    /// Labels as the ledger has kept them.
    package init(user: String?, kept tags: [String]) {
        self.user = user
        self.tags = tags
    }

    /// Labels to check, each with the field that it came in.
    package init(user: String?, tags: [String] = []) throws(FieldError) {
        if let user { try setUser(user, field: "user") }
        for tag in tags { try add(tag, field: "tags") }
    }

    /// Whether there is neither a user nor a tag.
    package var isEmpty: Bool { user == nil && tags.isEmpty }

    /// Most tags of one call.
    package static let mostTags = 8
    private static let longestUser = 256
    /// A name and a value of OpenAI's `metadata` at their longest, with an equals sign, and some room for other bytes.
    private static let longestTag = 1024
    /// All tags of a call together, which the ledger keeps as one name.
    private static let longestTags = 2000
    /// The scope of the budget that each user has (`user:*`) has this name.
    private static let everyUser = "*"

    /// Sets the user; an empty text is none.
    ///
    /// - Parameter field: where the text came from, for the error.
    package mutating func setUser(_ text: String, field: String) throws(FieldError) {
        guard !text.isEmpty else { return }
        guard text.utf8.count <= Self.longestUser else {
            throw FieldError(field, "is longer than \(Self.longestUser) bytes: name the user by a short id")
        }
        guard Self.isPlain(text), text != Self.everyUser else {
            throw FieldError(field, "must be an id without control characters, and not '*'")
        }
        user = text
    }

    /// Adds a tag; one that is there already changes nothing.
    ///
    /// - Parameter field: where the text came from, for the error.
    package mutating func add(_ tag: String, field: String) throws(FieldError) {
        guard !tag.isEmpty, tag.utf8.count <= Self.longestTag else {
            throw FieldError(field, "has a tag that is not of 1 to \(Self.longestTag) bytes")
        }
        guard Self.isPlain(tag) else { throw FieldError(field, "has a tag with control characters") }
        let place = tags.firstIndex { !Self.precedes($0, tag) } ?? tags.count
        if place < tags.count, tags[place].utf8.elementsEqual(tag.utf8) { return }
        guard tags.count < Self.mostTags else {
            throw FieldError(field, "has more than \(Self.mostTags) tags: a call has \(Self.mostTags) at most")
        }
        guard tags.reduce(tag.utf8.count, { $0 + 1 + $1.utf8.count }) <= Self.longestTags else {
            throw FieldError(field, "has more than \(Self.longestTags) bytes of tags: use shorter ones")
        }
        tags.insert(tag, at: place)
    }

    /// Adds the tags of a header: `nightly, project=red`.
    package mutating func add(list text: String, field: String) throws(FieldError) {
        for part in text.split(separator: ",") {
            let tag = part.trimmingBlanks
            if !tag.isEmpty { try add(String(tag), field: field) }
        }
    }

    private static func isPlain(_ text: String) -> Bool { !text.utf8.contains { $0 < 0x20 || $0 == 0x7F } }

    private static func precedes(_ one: String, _ other: String) -> Bool {
        one.utf8.lexicographicallyPrecedes(other.utf8)
    }
}

extension Substring {
    /// Without spaces and tabs at both ends.
    fileprivate var trimmingBlanks: Substring {
        let start = drop { $0 == " " || $0 == "\t" }
        return start.lastIndex { $0 != " " && $0 != "\t" }.map { start[...$0] } ?? start.prefix(0)
    }
}
