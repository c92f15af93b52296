package import JSON

/// Members of a message or a call that mean nothing here, and that its provider may want back.
package struct ExtraMembers: Hashable, Sendable {
    private struct Member: Hashable {
        let key: String
        /// JSON text.
        var value: [UInt8]

        /// Adds a later piece of the value. Of values that are no lists the last one counts.
        mutating func add(_ later: [UInt8]) {
            guard value.first == UInt8(ascii: "["), later.first == UInt8(ascii: "[") else { return value = later }
            // Neither list is empty. The text grows in place, because each event of a stream may bring a piece.
            value[value.count - 1] = UInt8(ascii: ",")
            value += later.dropFirst()
        }
    }

    private var members: [Member] = []

    package init() {}

    /// The members of an object other than those known. Only texts, lists and objects that are not empty can hold what a
    /// provider wants back.
    init(of object: JSONValue?, besides known: Set<String>) {
        guard let object, object.kind == .object else { return }
        for (key, value) in object.members where !known.contains(key) {
            let isText = value.kind == .string && !value.isString("")
            if isText || value.count > 0 { set(key, value.raw) }
        }
    }

    /// Whether there are none.
    package var isEmpty: Bool { members.isEmpty }

    /// The members, each a key and JSON text.
    var pairs: [(key: String, value: [UInt8])] { members.map { ($0.key, $0.value) } }

    mutating func set(_ key: String, _ value: some Collection<UInt8>) {
        if let index = members.firstIndex(where: { $0.key == key }) {
            members[index].value = Array(value)
        } else {
            members.append(Member(key: key, value: Array(value)))
        }
    }

    /// Adds those of a later piece of a stream: lists are joined, of others the last one counts.
    mutating func add(_ later: ExtraMembers) {
        for member in later.members {
            if let index = members.firstIndex(where: { $0.key == member.key }) {
                members[index].add(member.value)
            } else {
                members.append(member)
            }
        }
    }

    /// Writes the members into an open object.
    package func write(to object: inout JSONWriter) {
        for member in members { object.member(member.key, raw: member.value) }
    }
}
