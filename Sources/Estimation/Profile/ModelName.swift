import Synchronization

/// The same model under the names that different sources give it.
package enum ModelName {
    /// Names worked out already: a decision asks for the same few again and again.
    private static let known = Mutex<[String: String]>([:])
    /// Names remembered at most; the catalog's are far fewer.
    private static let mostKnown = 4096

    /// Lower case, without the maker's prefix, `3_1` as `3.1`.
    package static func canonical(_ name: String) -> String {
        if let made = known.withLock({ $0[name] }) { return made }
        let made = spelled(name)
        known.withLock { if $0.count < mostKnown { $0[name] = made } }
        return made
    }

    private static func spelled(_ name: String) -> String {
        var name = name.lowercased()
        if let slash = name.lastIndex(of: "/") { name = String(name[name.index(after: slash)...]) }
        for prefix in ["meta-llama_", "mistralai_", "salesforce_", "meetkai_"] where name.hasPrefix(prefix) {
            name = String(name.dropFirst(prefix.count))
        }
        let characters = Array(name)
        var result = ""
        for (index, character) in characters.enumerated() {
            let isBetweenDigits =
                character == "_" && index > 0 && index + 1 < characters.count && characters[index - 1].isNumber
                && characters[index + 1].isNumber
            result.append(isBetweenDigits ? "." : character)
        }
        return result
    }
}
